"""The write-off desk: a member's code is scanned or its number typed, and its piece written off.

Everything works as plain forms. With scripts the answer is put beside the camera, which goes on.
"""

from typing import Final

from flask import Blueprint, Response, get_flashed_messages, redirect, request, session, url_for
from wtforms import BooleanField, HiddenField, StringField

from voucherweb.api.pictures import picture_url
from voucherweb.domain.actor import Actor
from voucherweb.errors import ERRORS, invalid, refuse
from voucherweb.services import desk as services
from voucherweb.services import desk_records
from voucherweb.services.desk import Found, Verdict
from voucherweb.transaction import unit_of_work
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.guessing import try_number, wait_words
from voucherweb.web.language import Text
from voucherweb.web.page import DESK, TENANT, go, page
from voucherweb.web.rendering import confirm, render, wanted_part
from voucherweb.web.requests import HEADERS
from voucherweb.web.shown import settings, today

desk_pages = Blueprint("desk", __name__, url_prefix="/admin/desk")

DIRECT: Final = "desk_direct"
"""In the session: whether a good piece is written off as soon as it is scanned."""
RESULT: Final = "result"
"""The part of the pages that tells what came of a scan."""


@desk_pages.after_request
def _may_look(response: Response) -> Response:
    """The pages that read QR codes, and no others, may ask for the camera."""
    response.headers["Permissions-Policy"] = HEADERS["Permissions-Policy"].replace(
        "camera=()", "camera=(self)"
    )
    return response


class NumberForm(Form):
    number = StringField(Text("票券號碼", "Voucher number"))
    direct = BooleanField(Text("掃到就直接核銷", "Write off as soon as it is scanned"))


class PieceForm(Form):
    number = HiddenField()


class UndoForm(Form):
    reason = StringField(Text("取消的原因", "Why it is undone"))


@page(desk_pages, "", roles=DESK)
def desk(actor: Actor) -> Response:
    return _desk(actor, NumberForm(formdata=None))


def _desk(
    actor: Actor,
    asking: NumberForm,
    *,
    found: Found | None = None,
    piece: PieceForm | None = None,
    wait: Text | None = None,
    status: int = 200,
) -> Response:
    """The desk, with what was found, if anything was asked, and the form that writes it off."""
    if piece is None and found and found.piece:
        piece = PieceForm(formdata=None, number=found.piece.number)
    return render(
        "desk/desk.html",
        status=status,
        asking=asking,
        direct=session.get(DIRECT, False),
        found=found,
        piece=piece,
        wait=wait,
        picture=picture_url(found.piece.picture_key) if found and found.piece else None,
        count=desk_records.standing(actor, today()),
    )


@page(desk_pages, "/look-up", roles=DESK, methods=("GET", "POST"))
def look_up(actor: Actor) -> Response:
    """Tell what a scanned or typed number is; where the clerk wants it so, write it off at once."""
    if request.method != "POST":
        return go(url_for("desk.desk"))
    asking = NumberForm()
    session[DIRECT] = bool(asking.direct.data)
    typed = (asking.number.data or "").strip()
    if not typed:
        asking.refuse(invalid("number", "is required", "必填"))
        return _desk(actor, asking, status=asking.status)
    one = try_number()
    if one.wait:
        return _too_many(actor, asking, one.wait)
    with unit_of_work(snapshot=True):
        found = services.look_up(actor, typed)
    if found.verdict is not Verdict.NOT_OURS:
        one.right()
    if asking.direct.data and found.verdict is Verdict.GOOD and found.piece:
        return _write_off(actor, asking, PieceForm(formdata=None, number=found.piece.number))
    return _desk(actor, asking, found=found)


@page(desk_pages, "/write-off", roles=DESK, methods=("GET", "POST"))
def write_off(actor: Actor) -> Response:
    """Write a piece off, once, and lead to its receipt."""
    if request.method != "POST":
        return go(url_for("desk.desk"))
    piece, one = PieceForm(), try_number()
    if one.wait:
        return _too_many(actor, NumberForm(formdata=None), one.wait)
    answer = _write_off(actor, NumberForm(formdata=None), piece)
    if not (piece.refusal and piece.refusal.error is ERRORS["NOT_EXIST"]):
        one.right()
    return answer


def _too_many(actor: Actor, asking: NumberForm, seconds: int) -> Response:
    """Numbers were wrong too often: not even a good one is looked up, else trying would tell."""
    asking.refusal = refuse("TOO_MANY_REQUESTS", retry_after=seconds)
    response = _desk(actor, asking, wait=wait_words(seconds), status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _write_off(actor: Actor, asking: NumberForm, piece: PieceForm) -> Response:
    number = piece.number.data or ""

    def act() -> Done:
        done = services.write_off(actor, number, settings().timezone)
        said = Text("已核銷「{}」。", "“{}” was written off.").format(done.title)
        return url_for("desk.receipt", write_off_id=done.id), said

    answer = attempt(piece, actor, act)
    if answer is not None:
        return _beside(answer)
    with unit_of_work(snapshot=True):
        found = services.look_up(actor, number)
    return _desk(actor, asking, found=found, piece=piece, status=piece.status)


def _beside(answer: Response) -> Response:
    """Where only the result is shown, the receipt is shown there, and the camera goes on."""
    url = answer.headers.get("HX-Redirect")
    if url is None or wanted_part() != RESULT:
        return answer
    get_flashed_messages()  # The receipt itself says it.
    return redirect(url, 303, Response)  # type: ignore[return-value]


@page(desk_pages, "/receipts/<int:write_off_id>", roles=DESK)
def receipt(actor: Actor, write_off_id: int) -> Response:
    one = desk_records.receipt(actor, write_off_id)
    return render("desk/receipt.html", receipt=one, beside=wanted_part() == RESULT)


@page(desk_pages, "/receipts/<int:write_off_id>/undo", roles=TENANT, methods=("GET", "POST"))
def undo(actor: Actor, write_off_id: int) -> Response:
    """Take a write-off back, with a reason that stays on record."""
    one = desk_records.receipt(actor, write_off_id)
    form = UndoForm()
    back = url_for("desk.receipt", write_off_id=one.id)

    def act() -> Done:
        services.undo(actor, one.id, form.reason.data or "")
        return back, Text("已取消核銷，票券可以再使用。", "Undone. The voucher can be used again.")

    answer = attempt(form, actor, act) if form.sent else None
    return answer or confirm(
        Text("取消這次核銷？", "Undo this write-off?"),
        [
            Text("{}（{}）", "{} ({})").format(one.title, one.number),
            Text(
                "會員可以再使用這張票券，統計會扣回這一次；紀錄與原因會留下來。取消後不能復原，只能再核銷一次。",
                "The member can use this voucher again and the statistics lose this use; the record"
                " and your reason stay. It cannot be taken back, only written off again.",
            ),
        ],
        Text("取消核銷", "Undo the write-off"),
        form=form,
        back=back,
        danger=True,
    )
