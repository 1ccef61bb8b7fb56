"""`campaigns create`, `cards create`."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests.cli.conftest import Run
from tests.support.cast import make_tenant
from tests.support.errands import count
from voucherweb.models import PLATFORM_PROGRAMME, AuditEntry, Card, Programme
from voucherweb.transaction import session, unit_of_work

CREATE = ("campaigns", "create", "--json")


def campaign(run: Run, tenant_id: str) -> str:
    words = ("--tenant", tenant_id, "--name", "集點樂", "--value-per-point", "30")
    made: str = run(*CREATE, *words).answer["uuid"]
    return made


def person(run: Run, *words: str) -> str:
    made = run("members", "create", "--name", "A", "--phone", "0912345678", *words, "--json")
    member_id: str = made.answer["id"]
    return member_id


def row_of(campaign_id: str) -> dict[str, Any]:
    with unit_of_work():
        found = session.get_one(Programme, uuid.UUID(campaign_id))
        names = ("tenant_id", "name", "value_per_point", "status", "start_date", "end_date")
        return {name: getattr(found, name) for name in (*names, "image_url", "type")}


def test_a_campaign_is_kept_as_told(run: Run, tenant_id: str) -> None:
    made = run(
        *(*CREATE, "--tenant", tenant_id, "--name", " 集點樂 ", "--value-per-point", "30.5"),
        *("--start", "2026-01-01", "--end", "2026-12-31", "--image-url", "https://a.test/a.png"),
    ).answer["uuid"]
    assert row_of(made) == {
        "tenant_id": uuid.UUID(tenant_id),
        "name": "集點樂",
        "value_per_point": Decimal("30.50"),
        "status": "ACTIVE",
        "start_date": datetime(2025, 12, 31, 16, tzinfo=UTC),
        "end_date": datetime(2026, 12, 31, 15, 59, 59, 999000, tzinfo=UTC),
        "image_url": "https://a.test/a.png",
        "type": "POINTS",
    }
    with unit_of_work():
        assert "campaign.add" in set(session.scalars(select(AuditEntry.action)))


def test_a_campaign_may_run_for_ever(run: Run, tenant_id: str) -> None:
    row = row_of(campaign(run, tenant_id))
    assert (row["start_date"], row["end_date"], row["image_url"]) == (None, None, None)


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("--value-per-point", "0"), {"value_per_point"}),
        (("--value-per-point=-1",), {"value_per_point"}),
        (("--value-per-point", "1.001"), {"value_per_point"}),
        (("--value-per-point", "NaN"), {"value_per_point"}),
        (("--value-per-point", "1e30"), {"value_per_point"}),
        (("--value-per-point", "much"), {"value_per_point"}),
        (("--name", " "), {"name"}),
        (("--image-url", "ftp://a.test/a.png"), {"image_url"}),
        (("--image-url", "javascript:alert(1)"), {"image_url"}),
        (("--start", "2026-02-30"), {"start"}),
        (("--start", "2026-02-02", "--end", "2026-02-01"), {"end_date"}),
        (("--name", "", "--value-per-point", "0"), {"name", "value_per_point"}),
        (("--tenant", str(uuid.uuid4())), {"tenant"}),
        (("--tenant", "nobody"), {"tenant"}),
    ],
)
def test_every_wrong_field_is_named_and_nothing_written(
    run: Run, tenant_id: str, words: tuple[str, ...], wrong: set[str]
) -> None:
    right = ("--tenant", tenant_id, "--name", "A", "--value-per-point", "30")
    assert set(run(*CREATE, *right, *words).fields) == wrong
    assert count(Programme) == 1, "the platform's alone"


def test_a_card_is_given_once(run: Run, tenant_id: str) -> None:
    words = ("cards", "create", "--member", person(run, "--tenant", tenant_id), "--json")
    first, again = (run(*words, "--campaign", campaign(run, tenant_id)).answer for _ in range(2))
    assert first["created"] is again["created"] is True, "of two campaigns"
    assert len(first["card_no"]) == 16
    assert first["card_no"] != again["card_no"]


def test_the_card_that_is_there_is_told_again(run: Run, tenant_id: str) -> None:
    words = ("cards", "create", "--member", person(run), "--campaign", campaign(run, tenant_id))
    first, again = (run(*words, "--json").answer for _ in range(2))
    assert again == {"card_no": first["card_no"], "created": False}


def test_the_platforms_card_is_told_too(run: Run) -> None:
    words = ("cards", "create", "--member", person(run), "--campaign", str(PLATFORM_PROGRAMME))
    assert run(*words, "--json").answer["created"] is False
    assert count(Card) == 1


@pytest.mark.parametrize("member", ["nobody", "a\0b", "\udce4", ""])
def test_a_card_for_an_unknown_member_is_refused(run: Run, tenant_id: str, member: str) -> None:
    words = ("--member", member, "--campaign", campaign(run, tenant_id), "--json")
    assert run("cards", "create", *words).error["code"] == "API_ERROR.NOT_EXIST"


def test_another_tenants_member_is_unknown(run: Run, tenant_id: str) -> None:
    foreign = person(run, "--tenant", make_tenant("緯緯醫學"))
    words = ("--member", foreign, "--campaign", campaign(run, tenant_id), "--json")
    assert run("cards", "create", *words).error["code"] == "API_ERROR.NOT_EXIST"
    assert count(Card) == 1


@pytest.mark.parametrize("wrong", ["nothing", "6b1f5f1e-0c1d-4a57-9a52-2f3f0f6a9d11"])
def test_a_card_of_an_unknown_campaign_is_refused(run: Run, wrong: str) -> None:
    words = ("--member", person(run), "--campaign", wrong, "--json")
    assert run("cards", "create", *words).error["code"] == "API_ERROR.NOT_EXIST"
