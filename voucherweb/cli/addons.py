"""`addons create`."""

import re
from datetime import UTC, date, datetime
from typing import Any, Final

import click
import orjson
from flask.cli import AppGroup

from voucherweb.cli.command import Answer, command, settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.errors import invalid
from voucherweb.services.add_ons import AddOnTerms, Plan, create_add_on
from voucherweb.services.ids import parse_id
from voucherweb.services.tenants import need_tenant
from voucherweb.transaction import unit_of_work

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")

addons = AppGroup("addons", help="Web applications of partners inside the admin site.")


@command(addons, "create")
@click.option("--tenant", required=True, help="The id of the tenant whose admins open it.")
@click.option("--code", required=True, help="A short name of your own, once per tenant.")
@click.option("--name", required=True, help="The name that people see.")
@click.option("--url", required=True, help="Where it lives; http:// or https://.")
@click.option("--plan", default=Plan().name, show_default=True, help="What the tenant bought.")
@click.option("--plan-start", help="The first day or instant of the plan, as 2026-11-22.")
@click.option("--plan-end", help="The last day or instant of the plan.")
@click.option("--config", help="A JSON object that the add-on is told; never a secret.")
def create(tenant: str, code: str, name: str, url: str, **more: Any) -> Answer:
    """Register an add-on."""
    plan = Plan(
        more["plan"],
        _instant("plan_start", more["plan_start"]),
        _instant("plan_end", more["plan_end"], end=True),
    )
    terms = AddOnTerms(name, url, plan, _json(more["config"]))
    with unit_of_work():
        made = create_add_on(OPERATOR, need_tenant(parse_id(tenant)), code, terms)
        return {"addon_id": str(made.id), "origin": made.origin}


def _json(text: str | None) -> Any:
    if text is None:
        return {}
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise invalid("config", "is not valid JSON", "不是有效的 JSON") from None


def _instant(field: str, text: str | None, *, end: bool = False) -> datetime | None:
    """An ISO 8601 instant, or a whole day, which an end includes; without an offset it is the
    site's own time."""
    try:
        return _read(text, end=end) if text is not None else None
    except (ValueError, OverflowError):
        raise invalid(
            field, "must be a date or time as ISO 8601", "須為 ISO 8601 的日期或時間"
        ) from None


def _read(text: str, *, end: bool) -> datetime:
    zone = settings().timezone
    if _DAY.fullmatch(text):
        edge = clock.end_of_day if end else clock.start_of_day
        return edge(date.fromisoformat(text), zone)
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
