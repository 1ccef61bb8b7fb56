"""Coupons given to members and taken back by hand, and all that one member was given."""

import uuid
from typing import Final

from flask import Response, request, url_for
from wtforms import StringField

from voucherweb.api.parsing import Integer, parse
from voucherweb.api.partner.shapes import PartnerBody
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import CouponSource, CouponStatus
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import Refusal, invalid, refuse
from voucherweb.models import CouponSet
from voucherweb.services import coupon_hands, coupon_sets
from voucherweb.services.actor_names import actor_names
from voucherweb.services.coupon_gifts import GIVE_MAX
from voucherweb.services.coupon_hands import Holder
from voucherweb.web import coupon_words, listing
from voucherweb.web.coupon_sets import about, coupon_set_pages, home, own
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import Text, is_english
from voucherweb.web.page import ADMINS, current_page, go, page
from voucherweb.web.rendering import confirm, render

SORT: Final = SortSpec(tuple(coupon_hands.SORT), "givenAt", "desc")


class QuantityBody(PartnerBody):
    quantity: Integer = 1


class MemberForm(Form):
    member = StringField(Text("會員的電話、卡號或編號", "The member's phone, card or id"))


class GiveForm(MemberForm):
    quantity = StringField(Text("張數", "How many"))

    def wanted(self) -> int:
        """Raises INVALID_PARAMETER; the service knows the limits, and says them again."""
        given = {name: text for name, text in self.wire().items() if name == "quantity"}
        quantity = parse(QuantityBody, given).quantity
        if not 1 <= quantity <= GIVE_MAX:
            raise invalid("quantity", f"must be 1 to {GIVE_MAX}", f"必須是 1 至 {GIVE_MAX}")
        return quantity


def member_page(member_id: uuid.UUID) -> str:
    return url_for("coupon_sets.member", member_id=member_id)


@page(coupon_set_pages, "/<uuid:coupon_set_id>/give", roles=ADMINS, methods=("GET", "POST"))
def give(actor: Actor, coupon_set_id: uuid.UUID) -> Response:
    """First whom and how many, then a question that says who it is and what is left, then the
    deed."""
    form = GiveForm()
    step = request.form.get("step") if form.sent else None
    pool = coupon_sets.get_set(own(actor), coupon_set_id)
    if not form.sent:
        form.quantity.data = "1"
    if step == "ask":
        return _ask(actor, form, pool)
    answer = None
    if step == "do":
        answer = attempt(form, actor, lambda: _give(actor, form, coupon_set_id))
    return answer or _give_page(form, coupon_sets.get_set(own(actor), coupon_set_id))


def _give(actor: Actor, form: GiveForm, set_id: uuid.UUID) -> Done:
    holder = coupon_hands.member_named(actor, form.member.data or "")
    given = coupon_hands.give(actor, set_id, holder.id, form.wanted())
    said = Text("已發放 {:,} 張給 {}。", "{:,} were given to {}.")
    return member_page(holder.id), said.format(len(given), holder.called)


def _give_page(form: GiveForm, pool: CouponSet) -> Response:
    return render(
        "coupon_sets/give.html", status=form.status, form=form, most=GIVE_MAX, **about(pool)
    )


def _ask(actor: Actor, form: GiveForm, pool: CouponSet) -> Response:
    try:
        quantity = form.wanted()
        holder = coupon_hands.member_named(actor, form.member.data or "")
    except Refusal as refusal:
        form.refuse(refusal)
        return _give_page(form, coupon_sets.get_set(own(actor), pool.id))
    return render(
        "coupon_sets/give_ask.html", form=form, holder=holder, quantity=quantity, **about(pool)
    )


@page(
    coupon_set_pages,
    "/gifts/<uuid:gift_id>/take-back",
    roles=ADMINS,
    methods=("GET", "POST"),
)
def take_back(actor: Actor, gift_id: uuid.UUID) -> Response:
    form = Form()
    gift = coupon_hands.get_gift(actor, gift_id)
    holder = coupon_hands.holder_of_gift(actor, gift_id)
    back = _back(gift.set_id, holder)

    def act() -> Done:
        coupon_hands.take_back(actor, gift_id)
        said = Text("已收回票券碼 {}。", "The code {} was taken back.")
        return back, said.format(gift.code)

    answer = attempt(form, actor, act) if form.sent else None
    if answer is not None:
        return answer
    if not form.sent and gift.status != CouponStatus.ACTIVE:
        raise refuse("COUPON_ALREADY_USED" if gift.used_at else "ALREADY_VOIDED")
    return confirm(
        Text("收回票券碼 {}？", "Take the code {} back?").format(gift.code),
        [
            Text(
                "{} 將不能再使用「{}」的這個碼。",
                "{} will not be able to use this code of “{}” any more.",
            ).format(holder.called, gift.set_name),
            Text(
                "這個碼會作廢；要再給對方時，會是另一個碼。",
                "The code is gone; if you give another later, it is a new one.",
            )
            if gift.source == CouponSource.AUTO_GENERATE
            else Text(
                "這個碼會回到票券組，之後可能發給別人。",
                "The code returns to its set and may be given to somebody else.",
            ),
        ],
        Text("收回這個碼", "Take the code back"),
        form=form,
        back=back,
        danger=True,
    )


def _back(set_id: uuid.UUID, holder: Holder) -> str:
    """Where the question was asked from: the member's page, or the set's."""
    here = (current_page() or "").partition("?")[0]
    return home(set_id) if here == home(set_id) else member_page(holder.id)


@page(coupon_set_pages, "/members", roles=ADMINS, methods=("GET", "POST"))
def find_member(actor: Actor) -> Response:
    """Leads to what a member was given. What is typed is people's data: no address shows it."""
    form = MemberForm()
    if form.sent:
        try:
            return go(member_page(coupon_hands.member_named(actor, form.member.data or "").id))
        except Refusal as refusal:
            form.refuse(refusal)
    return render("coupon_sets/find_member.html", status=form.status, form=form)


@page(coupon_set_pages, "/members/<uuid:member_id>", roles=ADMINS)
def member(actor: Actor, member_id: uuid.UUID) -> Response:
    wanted = listing.read(SORT)
    holder = coupon_hands.get_holder(actor, member_id)
    rows, wanted.total = coupon_hands.gifts_of(actor, member_id, wanted.asked)
    return render(
        "coupon_sets/member.html",
        holder=holder,
        rows=rows,
        names=actor_names((one.given_by for one in rows), english=is_english()),
        list=wanted,
        words=coupon_words,
        address=wanted.address,
    )
