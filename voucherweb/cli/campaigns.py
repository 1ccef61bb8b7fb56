"""`campaigns create`."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation

import click
from flask.cli import AppGroup

from voucherweb.cli.command import Answer, command, settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.campaign_rules import CampaignTerms
from voucherweb.errors import invalid
from voucherweb.services.campaigns import create_campaign
from voucherweb.services.ids import parse_id
from voucherweb.services.tenants import need_tenant
from voucherweb.transaction import unit_of_work

campaigns = AppGroup("campaigns", help="Points programmes of tenants.")


@command(campaigns, "create")
@click.option("--tenant", required=True, help="The id of the tenant.")
@click.option("--name", required=True)
@click.option("--value-per-point", "rate", required=True, help="How much earns one point.")
@click.option("--start", help="The first day, YYYY-MM-DD.")
@click.option("--end", help="The last day, YYYY-MM-DD.")
@click.option("--image-url", help="The address of a picture.")
def create(
    tenant: str,
    name: str,
    rate: str,
    start: str | None,
    end: str | None,
    image_url: str | None,
) -> Answer:
    """Create a programme in which a tenant's members collect points."""
    zone = settings().timezone
    first, last = _day("start", start), _day("end", end)
    terms = CampaignTerms(
        name=name,
        value_per_point=_rate(rate),
        start_date=clock.start_of_day(first, zone) if first else None,
        end_date=clock.end_of_day(last, zone) if last else None,
        image_url=image_url,
    )
    with unit_of_work():
        made = create_campaign(OPERATOR, need_tenant(parse_id(tenant)), terms)
        return {"uuid": str(made.id), "name": made.name}


def _rate(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise invalid("value_per_point", "must be a number", "必須是數字") from error


def _day(field: str, text: str | None) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date() if text else None  # noqa: DTZ007
    except ValueError as error:
        raise invalid(field, "must be a date as YYYY-MM-DD", "須為 YYYY-MM-DD 格式") from error
