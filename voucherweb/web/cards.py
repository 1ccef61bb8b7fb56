"""Members' cards in points campaigns: given to members, changed, and their statements."""

import uuid
from datetime import date
from typing import Annotated, Any, Final

from flask import Blueprint, Response, url_for
from pydantic import Field
from wtforms import StringField

from voucherweb.api.parsing import parse
from voucherweb.api.partner.shapes import PartnerBody
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.days import span
from voucherweb.domain.paging import SortSpec
from voucherweb.models import Programme
from voucherweb.services import card_deeds, cards
from voucherweb.services.cards import CardTerms, FoundCard
from voucherweb.web import listing
from voucherweb.web.campaigns import own_campaign, phase_of, typed_day
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import Text, is_english
from voucherweb.web.page import ADMINS, TENANT, go, page
from voucherweb.web.rendering import render
from voucherweb.web.shown import settings

card_pages = Blueprint("cards", __name__, url_prefix="/admin/partners/cards")

BOOK: Final = SortSpec(("seq",), "seq", "desc")


class CardBody(PartnerBody):
    """What is decided about a card; `member` names who is to have a new one."""

    member: str | None = None
    tier: Annotated[str | None, Field(max_length=cards.TIER_MAX)] = None
    expired_at: date | None = None


class TermsForm(Form):
    tier = StringField(Text("等級", "Tier"))
    expired_at = StringField(Text("到期日", "Last day"))

    def fill(self, card: FoundCard) -> None:
        if not self.sent:
            self.tier.data, self.expired_at.data = card.tier, typed_day(card.expired_at)

    def terms(self, kept: FoundCard | None = None) -> CardTerms:
        """As typed; a day that was not touched keeps its instant."""
        body = parse(CardBody, self.wire())
        _, end = span(None, body.expired_at, settings().timezone)
        if kept and self.expired_at.data == typed_day(kept.expired_at):
            end = kept.expired_at
        return CardTerms(body.tier, end)


class CardForm(TermsForm):
    member = StringField(Text("會員的電話或編號", "The member's phone or id"))


def own_card(actor: Actor, card_id: uuid.UUID) -> tuple[FoundCard, Programme]:
    """A card of the tenant's campaigns, or of the platform's programme; raises NOT_EXIST."""
    card = cards.get_card(actor, card_id)
    return card, own_campaign(actor, card.campaign_id)


def head(card: FoundCard, campaign: Programme) -> dict[str, Any]:
    """What every page of a card shows."""
    expired = card.expired_at is not None and clock.now() > card.expired_at
    return {"card": card, "campaign": campaign, "phase": phase_of(campaign), "expired": expired}


@page(card_pages, "/<uuid:card_id>", roles=ADMINS)
def show(actor: Actor, card_id: uuid.UUID) -> Response:
    card, campaign = own_card(actor, card_id)
    wanted = listing.read(BOOK)
    lines, wanted.total = cards.statement(actor, card_id, wanted.asked, english=is_english())
    return render(
        "cards/show.html", **head(card, campaign), lines=lines, list=wanted, address=wanted.address
    )


@page(card_pages, "/<card_no>", roles=ADMINS)
def numbered(actor: Actor, card_no: str) -> Response:
    """A card by the number that partners know, for whoever has only that."""
    return go(url_for("cards.show", card_id=card_deeds.card_of_number(actor, card_no)))


@page(card_pages, "/new/<uuid:campaign_id>", roles=TENANT, methods=("GET", "POST"))
def add(actor: Actor, campaign_id: uuid.UUID) -> Response:
    form = CardForm()

    def act() -> Done:
        member = card_deeds.member_named(actor, campaign_id, form.member.data or "")
        given = cards.give_card(actor, member, campaign_id, form.terms())
        said = Text("已發卡 {}。", "The card {} was given.")
        if not given.is_new:
            said = Text(
                "這位會員已經有卡 {}，沒有變更。", "The member has card {} already; it was left."
            )
        return url_for("cards.show", card_id=given.card.id), said.format(given.card.card_no)

    answer = attempt(form, actor, act) if form.sent else None
    if answer:
        return answer
    campaign = own_campaign(actor, campaign_id)
    return render("cards/new.html", form=form, status=form.status, campaign=campaign)


@page(card_pages, "/<uuid:card_id>/edit", roles=TENANT, methods=("GET", "POST"))
def edit(actor: Actor, card_id: uuid.UUID) -> Response:
    form = TermsForm()
    kept, _ = own_card(actor, card_id)
    form.fill(kept)

    def act() -> Done:
        cards.change_card(actor, card_id, form.terms(kept))
        return url_for("cards.show", card_id=card_id), Text(
            "已儲存卡片的等級與到期日。", "The card's tier and last day were saved."
        )

    answer = attempt(form, actor, act) if form.sent else None
    if answer:
        return answer
    card, campaign = own_card(actor, card_id)
    return render("cards/edit.html", form=form, status=form.status, **head(card, campaign))
