"""What an import found, row by row: good rows to look at, refused ones to correct or to drop."""

import uuid
from typing import Any, Final

from flask import Response, get_flashed_messages, request
from wtforms import HiddenField, StringField, TextAreaField

from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import invalid, refuse
from voucherweb.services import repairs
from voucherweb.services.repairs import ImportCounts
from voucherweb.spreadsheets.coupons import FailedRow
from voucherweb.web import listing
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.imports import Look, import_pages, look_at, page_of
from voucherweb.web.language import Text
from voucherweb.web.page import TENANT, current_page, local_path, page
from voucherweb.web.rendering import confirm, render, wanted_part

FAILED_SORT: Final = SortSpec(("rowNumber",), "rowNumber", "asc")
GOOD_SORT: Final = SortSpec(("ordinal",), "ordinal", "asc")
REPAIRED: Final = Text(
    "第 {} 列已補正，加入這批折價券。", "Row {} is corrected and belongs to the coupons now."
)
DROPPED: Final = Text("已捨棄第 {} 列。", "Row {} was dropped.")
GONE: Final = Text(
    "這一列已由別人補正或捨棄，剛才的內容沒有寫入。",
    "Somebody else has corrected or dropped this row; what you sent was not written.",
)


class DropForm(Form):
    """Names one refused row. `back` is the page of the list that it stands on."""

    back = HiddenField()
    row = 0


class RowForm(DropForm):
    """One refused row with its texts."""

    title = TextAreaField(Text("標題", "Title"))
    description = TextAreaField(Text("描述", "Description"))
    url = StringField(Text("網址", "URL"))

    @classmethod
    def of(cls, found: FailedRow) -> "RowForm":
        """The row as it was given, with what is wrong beside each text."""
        form = cls(formdata=None)
        form.row = found.row_number
        form.title.data, form.description.data = found.title, found.description
        form.url.data = found.url
        for problem in found.problems:
            form.field_problems.setdefault(problem.column, []).append(Text(problem.zh, problem.en))
        return form

    def texts(self) -> tuple[str, str, str]:
        """What was typed; browsers send line breaks as two characters, workbooks hold one."""
        fields = (self.title, self.description, self.url)
        title, description, url = (str(one.data or "").replace("\r\n", "\n") for one in fields)
        return title, description, url


@page(import_pages, "/<uuid:job_id>", roles=TENANT)
def show(actor: Actor, job_id: uuid.UUID) -> Response:
    look = look_at(actor, job_id)
    if look.counts is None:
        return render("imports/waiting.html", look=look)
    tab = request.args.get("tab") or ("failed" if look.counts.failed else "good")
    if tab not in {"failed", "good"}:
        raise invalid("tab", "must be failed or good", "必須是 failed 或 good")
    shown = _failed if tab == "failed" else _good
    return shown(actor, look, look.counts)


def _failed(actor: Actor, look: Look, counts: ImportCounts) -> Response:
    wanted = listing.read(FAILED_SORT, kept=("tab",))
    rows, wanted.total = repairs.failed_page(actor, counts.import_id, wanted.asked)
    forms = [RowForm.of(row) for row in rows]
    for form in forms:
        form.back.data = wanted.address
    return _show(look, counts, wanted, tab="failed", forms=forms)


def _good(actor: Actor, look: Look, counts: ImportCounts) -> Response:
    wanted = listing.read(GOOD_SORT, kept=("tab",))
    rows, wanted.total = repairs.good_page(actor, counts.import_id, wanted.asked)
    return _show(look, counts, wanted, tab="good", rows=rows)


def _show(look: Look, counts: ImportCounts, wanted: listing.Listing, **shown: Any) -> Response:
    return render(
        "imports/show.html",
        look=look,
        counts=counts,
        list=wanted,
        address=wanted.address,
        **shown,
    )


def need_import(actor: Actor, job_id: uuid.UUID) -> tuple[Look, ImportCounts]:
    """An import that has ended well and is kept still; raises NOT_EXIST."""
    look = look_at(actor, job_id)
    if look.counts is None:
        raise refuse("NOT_EXIST")
    return look, look.counts


@page(import_pages, "/<uuid:job_id>/rows/<int:row>", roles=TENANT, methods=("GET", "POST"))
def repair(actor: Actor, job_id: uuid.UUID, row: int) -> Response:
    look, counts = need_import(actor, job_id)
    if request.method != "POST":
        form = RowForm.of(repairs.failed_row(actor, counts.import_id, row))
        form.back.data = current_page() or page_of(job_id)
        return render("imports/row.html", look=look, counts=counts, form=form)
    form = RowForm()
    form.row = row

    def act() -> Done:
        repairs.repair_row(actor, counts.import_id, row, *form.texts())
        return local_path(form.back.data) or page_of(job_id), REPAIRED.format(row)

    answer = attempt(form, actor, act)
    if wanted_part() == f"row-{row}":
        return _in_place(actor, job_id, form, REPAIRED.format(row) if answer else None)
    if answer:
        return answer
    explain(form)
    # As of now: the attempt has closed what was read before.
    look, counts = need_import(actor, job_id)
    return render("imports/row.html", status=form.status, look=look, counts=counts, form=form)


def explain(form: DropForm) -> bool:
    """Say what a refusal means for a row; whether the row is no longer there."""
    refusal = form.refusal
    if refusal is None:
        return False
    form.problems = [
        Text(one.zh, one.en) for one in refusal.details if one.field == "importId"
    ] or form.problems
    if refusal.error.code.endswith(".NOT_EXIST"):
        form.problems = [GONE]
        return True
    return False


def _in_place(actor: Actor, job_id: uuid.UUID, form: DropForm, said: Text | None) -> Response:
    """The row after it was sent from the list: gone with a word, or as it was typed with what is
    still wrong; the counts beside it are those of now."""
    get_flashed_messages()  # Said in place of the row, and not again on the next page.
    gone = explain(form)
    counts = look_at(actor, job_id).counts
    context: dict[str, Any] = {"job_id": job_id, "counts": counts, "form": form}
    if said or gone:
        context |= {"said": said or GONE, "well": said is not None}
        return render("imports/_done.html", status=form.status, **context)
    return render("imports/_row.html", status=form.status, focus=True, **context)


@page(import_pages, "/<uuid:job_id>/rows/<int:row>/drop", roles=TENANT, methods=("GET", "POST"))
def drop(actor: Actor, job_id: uuid.UUID, row: int) -> Response:
    _look, counts = need_import(actor, job_id)
    form = DropForm()
    form.row = row
    if not form.sent:
        repairs.failed_row(actor, counts.import_id, row)
        form.back.data = current_page() or page_of(job_id)

    def act() -> Done:
        _refuse_if_taken(counts)
        repairs.drop_row(actor, counts.import_id, row)
        return local_path(form.back.data) or page_of(job_id), DROPPED.format(row)

    answer = attempt(form, actor, act) if form.sent else None
    gone = explain(form)
    if form.sent and _from_list(job_id) and (answer or gone):
        response = _in_place(actor, job_id, form, DROPPED.format(row) if answer else None)
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = f"#row-{row}", "outerHTML"
        return response
    return answer or confirm(
        Text("捨棄第 {} 列？", "Drop row {}?").format(row),
        [
            Text(
                "這一列不會成為折價券，也會從錯誤資料檔移除；無法復原。其他列不受影響。",
                "The row becomes no coupon and leaves the workbook of refused rows, for good."
                " Other rows stay as they are.",
            )
        ],
        Text("捨棄這一列", "Drop the row"),
        form=form,
        back=local_path(form.back.data) or page_of(job_id),
        danger=True,
    )


def _from_list(job_id: uuid.UUID) -> bool:
    """Whether the dialog with the question stands over the list of refused rows."""
    beside = request.headers.get("HX-Request") == "true"
    return beside and (current_page() or "").partition("?")[0] == page_of(job_id)


def _refuse_if_taken(counts: ImportCounts) -> None:
    """What belongs to a voucher is a record; a rival who takes it meanwhile does no harm."""
    if counts.voucher_id:
        raise invalid(
            "importId",
            "the good rows already belong to a voucher",
            "匯入成功的資料已用於票券，無法再修正",
        )


@page(import_pages, "/<uuid:job_id>/drop-all", roles=TENANT, methods=("GET", "POST"))
def drop_all(actor: Actor, job_id: uuid.UUID) -> Response:
    _look, counts = need_import(actor, job_id)
    form = Form()

    def act() -> Done:
        _refuse_if_taken(counts)
        count = repairs.drop_all(actor, counts.import_id)
        said = Text("已捨棄 {:,} 列錯誤資料。", "{:,} refused rows were dropped.")
        return page_of(job_id), said.format(count)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or confirm(
        Text("捨棄全部 {:,} 列錯誤資料？", "Drop all {:,} refused rows?").format(counts.failed),
        [
            Text(
                "{:,} 列成功的資料不受影響。捨棄後無法復原；需要時請先下載錯誤資料檔。",
                "The {:,} good rows stay. This cannot be undone; download the refused rows first if"
                " you may need them.",
            ).format(counts.success)
        ],
        Text("捨棄 {:,} 列", "Drop {:,} rows").format(counts.failed),
        form=form,
        back=page_of(job_id),
        danger=True,
    )
