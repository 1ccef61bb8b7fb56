"""Lists in the order of time, against slow recounts of the bench's data: near their beginning and
far down they are found in two ways."""

import uuid
from functools import partial

import pytest
from flask import Flask

from tests.support.partner_lists import PLATFORM, ZONE, fill_some, page, paged, rows
from voucherweb.config import Settings
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import PointsEntryKind
from voucherweb.domain.paging import PageRequest
from voucherweb.models import PLATFORM_PROGRAMME, PartnerCall
from voucherweb.services import (
    call_lists,
    campaign_book,
    card_statement,
    far_pages,
)
from voucherweb.services.call_lists import CallFilter, Outcome
from voucherweb.services.card_statement import StatementLine
from voucherweb.transaction import unit_of_work


@pytest.fixture
def tenant(app: Flask, settings: Settings) -> Actor:
    assert app.name
    return fill_some(settings)


def moved(
    actor: Actor, campaign: uuid.UUID, kind: PointsEntryKind | None, asked: PageRequest
) -> tuple[list[StatementLine], int]:
    return campaign_book.movements(actor, campaign, "", kind, asked)


@pytest.fixture(params=[0, 1000], ids=["far", "near"])
def far(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are found as far ones are, or as near ones."""
    monkeypatch.setattr(far_pages, "FAR", request.param)


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("kind", [None, *PointsEntryKind])
def test_each_campaigns_movements_are_those_of_its_cards(
    tenant: Actor, kind: PointsEntryKind | None
) -> None:
    campaigns = rows("SELECT id FROM programmes WHERE tenant_id = :t", t=tenant.tenant_id)
    for (campaign,) in campaigns[1:]:  # All but the great one.
        found = paged(
            partial(moved, tenant, campaign, kind),
            "time",
            "transaction_id",
        )
        naive = rows(
            "SELECT e.transaction_id FROM points_entries e JOIN cards c ON c.id = e.card_id"
            " WHERE c.programme_id = :p AND (e.kind = :k OR CAST(:k AS text) IS NULL)"
            " ORDER BY e.created_at DESC, e.id",
            p=campaign,
            k=kind,
        )
        assert found == [row[0] for row in naive]


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("kind", [None, PointsEntryKind.REDEEM, PointsEntryKind.GRANT])
@pytest.mark.parametrize("down", [False, True])
def test_the_platforms_movements_are_in_the_order_of_time(
    tenant: Actor, kind: PointsEntryKind | None, *, down: bool
) -> None:
    assert tenant.tenant_id
    found = paged(
        partial(moved, PLATFORM, PLATFORM_PROGRAMME, kind),
        "time",
        "transaction_id",
        down=down,
    )
    naive = rows(
        "SELECT e.transaction_id FROM points_entries e JOIN cards c ON c.id = e.card_id"
        " WHERE c.programme_id = :p AND (e.kind = :k OR CAST(:k AS text) IS NULL)"
        f" ORDER BY e.created_at {'DESC' if down else 'ASC'}, e.id",
        p=PLATFORM_PROGRAMME,
        k=kind,
    )
    assert naive
    assert found == [row[0] for row in naive]


def test_where_nothing_was_redeemed_no_redemption_is_listed(app: Flask) -> None:
    assert app.name
    redeem, up = PointsEntryKind.REDEEM, page(down=False)
    with unit_of_work():
        told = campaign_book.movements(PLATFORM, PLATFORM_PROGRAMME, "", redeem, up)
    assert told == ([], 0)


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("field", ["seq", "time"])
def test_a_cards_movements_are_numbered(tenant: Actor, field: str, *, down: bool) -> None:
    card_id = rows("SELECT card_id FROM points_entries GROUP BY 1 ORDER BY count(*) DESC")[0][0]
    found = paged(lambda asked: card_statement.card_lines(card_id, asked), field, "seq", down=down)
    most = rows("SELECT count(*) FROM points_entries WHERE card_id = :c", c=card_id)[0][0]
    assert sorted(found) == list(range(1, most + 1))
    if field == "seq":
        assert found == sorted(found, reverse=down)
    with unit_of_work():
        assert card_statement.card_lines(card_id, page(99, field="seq")) == ([], most)
    assert tenant.tenant_id


NARROWED = {
    "all": (CallFilter(), "true"),
    "done": (CallFilter(outcome=Outcome.DONE), "status < 400"),
    "refused": (CallFilter(outcome=Outcome.REFUSED), "status BETWEEN 400 AND 499"),
    "failed": (CallFilter(outcome=Outcome.FAILED), "status >= 500"),
    "code": (CallFilter(code="unavailable"), "code = 'UNAVAILABLE'"),
    "path": (CallFilter(path="BURN"), "path LIKE '%burn%'"),
    "both": (
        CallFilter(path="burn", outcome=Outcome.REFUSED),
        "path LIKE '%burn%' AND status BETWEEN 400 AND 499",
    ),
}


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize(("narrowed", "condition"), NARROWED.values(), ids=NARROWED)
def test_calls_are_what_a_filter_finds(tenant: Actor, narrowed: CallFilter, condition: str) -> None:
    def read(asked: PageRequest) -> tuple[list[PartnerCall], int]:
        lines, total = call_lists.list_calls(tenant, narrowed, asked, ZONE)
        return [one.line for one in lines], total

    found = paged(read, "time", "id")
    naive = rows(
        f"SELECT id FROM partner_calls WHERE tenant_id = :t AND {condition} ORDER BY at DESC, id",
        t=tenant.tenant_id,
    )
    assert naive
    assert found == [row[0] for row in naive]


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("whose", ["own", "all", "caller", "stranger"])
def test_calls_of_somebody_are_in_the_order_of_time(
    tenant: Actor, whose: str, *, down: bool
) -> None:
    by_calls = "SELECT caller FROM partner_calls WHERE {} GROUP BY 1 ORDER BY count(*) DESC, 1"
    caller = rows(by_calls.format("tenant_id = :t"), t=tenant.tenant_id)[0][0]
    if whose == "stranger":
        caller = rows(by_calls.format("tenant_id IS NULL"))[0][0]
    actor, narrowed, condition = {
        "own": (PLATFORM, CallFilter(own=True), "tenant_id IS NULL"),
        "all": (PLATFORM, CallFilter(), "true"),
        "caller": (tenant, CallFilter(caller=caller), "caller = :c"),
        "stranger": (tenant, CallFilter(caller=caller), "false"),
    }[whose]

    def read(asked: PageRequest) -> tuple[list[PartnerCall], int]:
        lines, total = call_lists.list_calls(actor, narrowed, asked, ZONE)
        return [one.line for one in lines], total

    found = paged(read, "time", "id", down=down)
    naive = rows(
        f"SELECT id FROM partner_calls WHERE {condition} ORDER BY at"
        f" {'DESC' if down else 'ASC'}, id",
        **({"c": caller} if whose == "caller" else {}),
    )
    assert bool(naive) == (whose != "stranger")
    assert found == [row[0] for row in naive]


def test_a_page_behind_the_last_says_how_many_calls_there_are(tenant: Actor) -> None:
    narrowed = CallFilter(outcome=Outcome.FAILED)
    with unit_of_work():
        _, total = call_lists.list_calls(tenant, narrowed, page(), ZONE)
        assert call_lists.list_calls(tenant, narrowed, page(99), ZONE) == ([], total)
    assert total > 0
