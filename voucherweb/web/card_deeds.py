"""Points added to a card, burnt and taken back by hand, each with its consequence told before."""

import uuid
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from flask import Response, request, url_for
from pydantic import Field
from wtforms import RadioField, StringField, TextAreaField

from voucherweb.api.parsing import parse
from voucherweb.api.partner.points_shapes import Points, Value
from voucherweb.api.partner.shapes import PartnerBody
from voucherweb.domain.actor import Actor
from voucherweb.domain.campaign_rules import worth
from voucherweb.domain.enums import PointsEntryKind
from voucherweb.errors import Refusal, invalid
from voucherweb.models import Programme
from voucherweb.services import card_deeds
from voucherweb.services.card_deeds import Undoing
from voucherweb.services.cards import FoundCard
from voucherweb.services.points import MAX_BALANCE
from voucherweb.web.cards import card_pages, head, own_card
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import Text
from voucherweb.web.page import TENANT, page
from voucherweb.web.rendering import confirm, render

MAX_REASON: Final = 200
METHODS: Final = {
    "points": Text("直接填點數", "So many points"),
    "value": Text("由消費金額換算", "What a purchase earns"),
}


class AmountBody(PartnerBody):
    """Points, or the value that earns them."""

    method: Literal["points", "value"] = "points"
    points: Points | None = None
    value: Value | None = None


class ReasonBody(PartnerBody):
    """Why something is done by hand; kept in the statement and the audit log."""

    reason: Annotated[str, Field(min_length=1, max_length=MAX_REASON)]


class BurnForm(Form):
    points = StringField(Text("點數", "Points"))
    reason = TextAreaField(Text("原因", "Reason"))

    def amount(self) -> AmountBody:
        """Raises INVALID_PARAMETER, also when there is none, or no reason."""
        body = read_amount(self.wire())
        parse(ReasonBody, self.wire())
        return body

    @property
    def why(self) -> str:
        return parse(ReasonBody, self.wire()).reason


class AddForm(BurnForm):
    method = RadioField(Text("怎麼加", "How"), default="points", validate_choice=False)
    value = StringField(Text("消費金額", "Amount of the purchase"))


class VoidForm(Form):
    reason = TextAreaField(Text("原因", "Reason"))


def read_amount(given: dict[str, Any]) -> AmountBody:
    """Of both fields only the one that is chosen counts; raises INVALID_PARAMETER."""
    field = "value" if given.get("method") == "value" else "points"
    typed = str(given.get(field, "")).replace(",", "").strip()
    if not typed:
        raise invalid(field, "is required", "必填")
    return parse(AmountBody, {"method": field, field: typed})


@page(card_pages, "/<uuid:card_id>/add", roles=TENANT, methods=("GET", "POST"))
def add_points(actor: Actor, card_id: uuid.UUID) -> Response:
    form = AddForm()
    form.method.choices = list(METHODS.items())

    def act() -> Done:
        body = form.amount()
        done = card_deeds.add_points(actor, card_id, form.why, points=body.points, value=body.value)
        said = Text("已加 {:,} 點，餘額 {:,} 點。", "{:,} points were added; the balance is {:,}.")
        return url_for("cards.show", card_id=card_id), said.format(done.points, done.balance)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or _move(actor, card_id, form, PointsEntryKind.ADD)


@page(card_pages, "/<uuid:card_id>/burn", roles=TENANT, methods=("GET", "POST"))
def burn_points(actor: Actor, card_id: uuid.UUID) -> Response:
    form = BurnForm()

    def act() -> Done:
        done = card_deeds.burn_points(actor, card_id, form.amount().points or 0, form.why)
        said = Text("已扣 {:,} 點，餘額 {:,} 點。", "{:,} points were burnt; the balance is {:,}.")
        return url_for("cards.show", card_id=card_id), said.format(done.points, done.balance)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or _move(actor, card_id, form, PointsEntryKind.BURN)


def _move(actor: Actor, card_id: uuid.UUID, form: BurnForm, kind: PointsEntryKind) -> Response:
    card, campaign = own_card(actor, card_id)
    typed = request.args.to_dict() if "method" in request.args else form.wire()
    return render(
        "cards/move.html",
        form=form,
        status=form.status,
        adds=kind == PointsEntryKind.ADD,
        after=_after(card, campaign, typed, kind),
        max_reason=MAX_REASON,
        **head(card, campaign),
    )


def _points(count: int) -> Text:
    return Text(f"{count:,} 點", f"{count:,} points")


def _after(
    card: FoundCard, campaign: Programme, typed: dict[str, Any], kind: PointsEntryKind
) -> Text:
    """The sentence beside the form. Asked again as the amount is typed."""
    try:
        body = read_amount(typed)
    except Refusal:
        said = Text("目前餘額 {}。填入後，這裡會說明變化。", "The balance is {}. Type an amount.")
        return said.format(_points(card.balance))
    moved = body.points or worth(body.value or Decimal(0), campaign.value_per_point)
    if moved < 1:
        return Text("這個金額不足 1 點，不能加點。", "This is worth less than one point.")
    after = card.balance + (moved if kind == PointsEntryKind.ADD else -moved)
    if after < 0:
        said = Text("餘額只有 {}，不夠扣 {}。", "The balance is only {}, too few to burn {}.")
        return said.format(_points(card.balance), _points(moved))
    if after > MAX_BALANCE:
        return Text("餘額會超過 {}，不能加點。", "The balance would exceed {}.").format(
            _points(MAX_BALANCE)
        )
    said = Text("{}，餘額由 {}變為 {}。", "{}: the balance goes from {} to {}.")
    sign = Text("加 {}", "Adds {}") if kind == PointsEntryKind.ADD else Text("扣 {}", "Burns {}")
    return said.format(sign.format(_points(moved)), _points(card.balance), _points(after))


@page(
    card_pages,
    "/<uuid:card_id>/void/<uuid:transaction_id>",
    roles=TENANT,
    methods=("GET", "POST"),
)
def void(actor: Actor, card_id: uuid.UUID, transaction_id: uuid.UUID) -> Response:
    form = VoidForm()
    back = url_for("cards.show", card_id=card_id)

    def act() -> Done:
        why = parse(ReasonBody, form.wire()).reason
        done = card_deeds.void_movement(actor, card_id, transaction_id, why)
        said = Text(
            "已作廢 {:,} 點，餘額 {:,} 點。", "{:,} points were voided; the balance is {:,}."
        )
        return back, said.format(done.points, done.balance)

    answer = attempt(form, actor, act) if form.sent else None
    if answer:
        return answer
    undoing = card_deeds.undoing(actor, card_id, transaction_id)
    return confirm(
        _question(undoing),
        _consequence(undoing),
        _button(undoing),
        form=form,
        back=back,
        danger=True,
    )


def _question(undoing: Undoing) -> Text:
    if undoing.kind == PointsEntryKind.ADD:
        return Text("作廢這筆加點 {}？", "Void adding {}?").format(_points(undoing.points))
    return Text("作廢這筆扣點 {}？", "Void burning {}?").format(_points(undoing.points))


def _consequence(undoing: Undoing) -> list[Text]:
    said = Text("會員的餘額由 {}變為 {}。", "The member's balance goes from {} to {}.")
    ref = Text("合作夥伴的單號 {}。", "The partner's reference is {}.")
    told = [said.format(_points(undoing.balance), _points(undoing.after))]
    if undoing.ref_no:
        told.append(ref.format(undoing.ref_no))
    told.append(
        Text(
            "明細會多一筆作廢，合作夥伴查交易時也會看到。一筆只能作廢一次，作廢後不能復原。",
            "The statement gets one more line, which partners see too. A void cannot be undone.",
        )
    )
    return told


def _button(undoing: Undoing) -> Text:
    if undoing.kind == PointsEntryKind.ADD:
        return Text("作廢並收回 {}", "Void and take back {}").format(_points(undoing.points))
    return Text("作廢並退還 {}", "Void and give back {}").format(_points(undoing.points))
