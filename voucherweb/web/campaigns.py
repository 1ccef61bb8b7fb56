"""Points campaigns of a tenant: listed, created, changed, with their cards and movements. The
platform has one programme of its own."""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from flask import Blueprint, Response, request, url_for
from pydantic import Field
from wtforms import RadioField, StringField

from voucherweb.api.parsing import parse
from voucherweb.api.partner.points_shapes import Value
from voucherweb.api.partner.shapes import PartnerBody
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.campaign_rules import (
    CampaignPhase,
    CampaignStatus,
    CampaignTerms,
    phase_at,
    worth,
)
from voucherweb.domain.days import span
from voucherweb.domain.enums import PointsEntryKind
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import Refusal, refuse
from voucherweb.models import PLATFORM_PROGRAMME, Programme
from voucherweb.services import campaign_book, campaigns, cards
from voucherweb.web import labels, listing
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import Text, is_english
from voucherweb.web.page import ADMINS, TENANT, go, page
from voucherweb.web.rendering import render
from voucherweb.web.shown import local, settings

campaign_pages = Blueprint("campaigns", __name__, url_prefix="/admin/partners/campaigns")

SORT: Final = SortSpec(tuple(campaigns.SORT), "createTime", "desc")
CARDS: Final = SortSpec(tuple(cards.SORT), "createTime", "desc")
MOVEMENTS: Final = SortSpec(campaign_book.SORT_FIELDS, "time", "desc")
EXAMPLE: Final = Decimal(100)
"""What a purchase is in the sentence beside the rate."""


class CampaignBody(PartnerBody):
    """What the form says; the rules are the campaign's own (`campaign_rules.read_terms`)."""

    name: str
    value_per_point: Value
    status: CampaignStatus
    start_date: date | None = None
    end_date: date | None = None
    image_url: Annotated[str | None, Field(max_length=2000)] = None


class CampaignForm(Form):
    name = StringField(Text("活動名稱", "Name"))
    value_per_point = StringField(Text("每一點需要的金額", "Value per point"))
    state = RadioField(Text("狀態", "Status"), name="status", validate_choice=False)
    start_date = StringField(Text("第一天", "First day"))
    end_date = StringField(Text("最後一天", "Last day"))
    image_url = StringField(Text("圖片網址", "Address of a picture"))

    def fill(self, campaign: Programme | None) -> None:
        """Begin with a campaign that runs, or with one as it stands."""
        self.state.choices = labels.choices("campaign_status")
        if self.sent:
            return
        self.state.data = CampaignStatus.ACTIVE.value
        if campaign:
            self.name.data, self.state.data = campaign.name, campaign.status
            self.value_per_point.data = f"{campaign.value_per_point.normalize():f}"
            self.start_date.data = typed_day(campaign.start_date)
            self.end_date.data = typed_day(campaign.end_date)
            self.image_url.data = campaign.image_url

    def wire(self) -> dict[str, Any]:
        given = super().wire()
        if "value_per_point" in given:
            given["value_per_point"] = given["value_per_point"].replace(",", "")
        return given

    def terms(self, kept: Programme | None = None) -> CampaignTerms:
        """The terms as typed; a day that was not touched keeps its instant."""
        body = parse(CampaignBody, self.wire())
        start, end = span(body.start_date, body.end_date, settings().timezone)
        if kept and self.start_date.data == typed_day(kept.start_date):
            start = kept.start_date
        if kept and self.end_date.data == typed_day(kept.end_date):
            end = kept.end_date
        return CampaignTerms(
            body.name, body.value_per_point, body.status, start, end, body.image_url
        )


def phase_of(campaign: Programme) -> CampaignPhase:
    """Where the campaign stands now."""
    return phase_at(campaign.status, campaign.start_date, campaign.end_date, clock.now())


def typed_day(instant: datetime | None) -> str:
    """The local day of an instant, as the value of a `date` field."""
    return local(instant).date().isoformat() if instant else ""


def own_campaign(actor: Actor, campaign_id: uuid.UUID) -> Programme:
    """A campaign of the tenant; for the platform its own programme only. Raises NOT_EXIST."""
    campaign = campaigns.get_campaign(actor, campaign_id)
    if campaign.tenant_id != actor.tenant_id:
        raise refuse("NOT_EXIST")
    return campaign


@page(campaign_pages, "", roles=ADMINS)
def index(actor: Actor) -> Response:
    if actor.is_platform:
        return go(url_for("campaigns.show", campaign_id=PLATFORM_PROGRAMME))
    wanted = listing.read(SORT)
    rows, wanted.total = campaigns.list_campaigns(actor, actor.tenant_id, wanted.asked)
    return render(
        "campaigns/index.html",
        rows=rows,
        phase_of=phase_of,
        example=EXAMPLE,
        worth=worth,
        list=wanted,
        address=wanted.address,
    )


@page(campaign_pages, "/new", roles=TENANT, methods=("GET", "POST"))
def add(actor: Actor) -> Response:
    form = CampaignForm()
    form.fill(None)

    def act() -> Done:
        made = campaigns.create_campaign(actor, actor.tenant_id, form.terms())
        said = Text(
            "已建立活動「{}」。接著發卡給會員，或讓合作夥伴的系統發卡加點。",
            "The campaign {} was created. Now give members cards and points.",
        )
        return url_for("campaigns.show", campaign_id=made.id), said.format(made.name)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or _form(form, None)


@page(campaign_pages, "/<uuid:campaign_id>/edit", roles=ADMINS, methods=("GET", "POST"))
def edit(actor: Actor, campaign_id: uuid.UUID) -> Response:
    form = CampaignForm()
    form.fill(own_campaign(actor, campaign_id))

    def act() -> Done:
        kept = own_campaign(actor, campaign_id)
        changed = campaigns.change_campaign(actor, campaign_id, form.terms(kept))
        said = Text("已儲存活動「{}」。", "The campaign {} was saved.")
        return url_for("campaigns.show", campaign_id=campaign_id), said.format(changed.name)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or _form(form, own_campaign(actor, campaign_id))


def _form(form: CampaignForm, campaign: Programme | None) -> Response:
    typed = request.args.get("value_per_point", form.value_per_point.data or "")
    return render(
        "campaigns/form.html",
        form=form,
        status=form.status,
        campaign=campaign,
        worth=_worth_said(typed),
    )


def _worth_said(typed: str) -> Text:
    """The sentence beside the rate. Asked again as it is typed."""
    rate = _read_rate(typed)
    if rate is None:
        return Text(
            "填入金額後，這裡會說明消費多少得到幾點。",
            "Type the value; this then says what a purchase earns.",
        )
    said = Text("消費 NT${:,} 得 {:,} 點", "A purchase of NT${:,} earns {:,} points")
    return said.format(EXAMPLE, worth(EXAMPLE, rate))


def _read_rate(typed: str) -> Decimal | None:
    try:
        return parse(_Rate, {"value_per_point": typed.replace(",", "").strip()}).value_per_point
    except Refusal:
        return None


class _Rate(PartnerBody):
    value_per_point: Value


@page(campaign_pages, "/<uuid:campaign_id>", roles=ADMINS)
def show(actor: Actor, campaign_id: uuid.UUID) -> Response:
    campaign = own_campaign(actor, campaign_id)
    wanted = listing.read(CARDS, ("q",))
    rows, wanted.total = cards.list_cards(actor, campaign_id, wanted.get("q") or "", wanted.asked)
    listing.chip(wanted, "q")
    most = cards.MOST_LISTED
    return _shown("cards", campaign, rows=rows, list=wanted, most=most, address=wanted.address)


@page(campaign_pages, "/<uuid:campaign_id>/movements", roles=ADMINS)
def movements(actor: Actor, campaign_id: uuid.UUID) -> Response:
    campaign = own_campaign(actor, campaign_id)
    wanted = listing.read(MOVEMENTS, ("q", "kind"))
    kind = listing.choice_of(wanted, "kind", PointsEntryKind)
    lines, wanted.total = campaign_book.movements(
        actor, campaign_id, wanted.get("q") or "", kind, wanted.asked, english=is_english()
    )
    listing.chip(wanted, "q")
    listing.chip(wanted, "kind", {str(one): text for one, text in labels.POINTS_KINDS.items()})
    most = campaign_book.MOST_LISTED
    return _shown(
        "movements",
        campaign,
        lines=lines,
        list=wanted,
        most=most,
        address=wanted.address,
    )


@page(campaign_pages, "/<uuid:campaign_id>/totals", roles=ADMINS)
def totals(actor: Actor, campaign_id: uuid.UUID) -> Response:
    """The totals, which the other pages fetch: long books take long to add up."""
    campaign = own_campaign(actor, campaign_id)
    return _shown("totals", campaign, totals=campaign_book.totals(actor, campaign_id))


def _shown(template: str, campaign: Programme, **more: Any) -> Response:
    tabs = {
        "campaigns.show": Text("卡片", "Cards"),
        "campaigns.movements": Text("點數進出", "Movements"),
    }
    return render(
        f"campaigns/{template}.html",
        campaign=campaign,
        phase=phase_of(campaign),
        example=EXAMPLE,
        example_worth=worth(EXAMPLE, campaign.value_per_point),
        tabs=[
            (str(text), url_for(endpoint, campaign_id=campaign.id), request.endpoint == endpoint)
            for endpoint, text in tabs.items()
        ],
        **more,
    )
