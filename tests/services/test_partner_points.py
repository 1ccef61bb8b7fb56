"""Points moved by partners: exact, in one statement, and by one way of writing with all others."""

import threading
import uuid
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tests.support import books, cards
from tests.support.cards import Holder
from voucherweb.config import Settings
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.partner import Partner
from voucherweb.errors import Refusal
from voucherweb.models import PLATFORM_OWNER, PLATFORM_PROGRAMME, Member, PointsEntry
from voucherweb.services import members, partner_points, points, proof
from voucherweb.services.autocommit import Execute, within_unit_of_work
from voucherweb.services.partner_points import CardKey, Refs
from voucherweb.transaction import session, unit_of_work

NO_REFS = Refs()


@pytest.fixture
def partner(tenant_id: str) -> Partner:
    return cards.partner_of(tenant_id)


def named(holder: Holder) -> CardKey:
    return CardKey(holder.card_no, holder.phone)


def member_of(holder: Holder) -> uuid.UUID:
    with unit_of_work():
        found = members.find_member(holder.member_id)
        assert found
        return found.id


def refused(act: Any, *values: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        act(*values)
    return refusal.value.error.code.rpartition(".")[2]


@pytest.mark.parametrize(
    ("value", "rate", "worth"),
    [
        ("29.99", "30", None),
        ("30", "30", 1),
        ("0.03", "0.01", 3),
        ("0.29", "0.1", 2),
        ("9999999.99", "0.01", 999_999_999),
        ("9999999.99", "9999999.99", 1),
        ("9999999.98", "9999999.99", None),
        ("6666666.66", "3333333.33", 2),
        ("6666666.65", "3333333.33", 1),
    ],
)
def test_a_value_is_worth_whole_points_and_exactly_so(
    execute: Execute,
    tenant_id: str,
    partner: Partner,
    value: str,
    rate: str,
    worth: int | None,
) -> None:
    mine = cards.make_holder(cards.make_campaign(tenant_id, rate), tenant_id)
    asked = (execute, partner, named(mine), Decimal(value), NO_REFS)
    if worth is None:
        assert refused(partner_points.add_value, *asked) == "INVALID_PARAMETER"
    else:
        assert partner_points.add_value(*asked).points == worth


def test_each_move_is_one_statement(
    execute: Execute, partner: Partner, holder: Holder, settings: Settings
) -> None:
    with books.statements() as seen:
        added = partner_points.add_points(execute, partner, named(holder), 10, NO_REFS)
        partner_points.burn(execute, partner, named(holder), 1, Refs("R"))
        partner_points.void_by_ref_no(execute, partner, "R")
        partner_points.void_by_id(execute, partner, added.transaction_id)
    assert len(seen) == 4


def test_a_reference_that_a_rival_has_just_written_is_refused_in_a_unit_of_work(
    settings: Settings, campaign: str, tenant_id: str, partner: Partner, holder: Holder
) -> None:
    """Neither sees the other: the unique key makes the second wait, and stops it."""
    other = cards.make_holder(campaign, tenant_id)
    add = "SELECT outcome FROM points_change('ADD', %s, 1, 2, NULL, NULL, 'X', 'x', NULL, now())"
    with psycopg.connect(settings.database_url) as rival:
        assert rival.execute(add, (other.card_id,)).fetchone() == ("DONE",)
        commit = threading.Timer(0.3, rival.commit)
        commit.start()
        with pytest.raises(Refusal) as refusal, unit_of_work():
            partner_points.add_points(
                within_unit_of_work, partner, named(holder), 1, Refs(None, "X")
            )
        commit.join()
    assert refusal.value.error.code == "REF_ID_EXISTS"
    assert cards.entries_of(holder) == []


def test_an_entry_says_whose_it_is_and_who_wrote_it(
    execute: Execute, partner: Partner, holder: Holder
) -> None:
    partner_points.add_value(execute, partner, named(holder), Decimal(60), Refs("N", "I"))
    with unit_of_work():
        entry = session.scalars(select(PointsEntry)).one()
        told = (entry.owner_id, entry.actor, entry.method, entry.value, entry.ref_no, entry.ref_id)
    assert told == (partner.owner_id, partner.key, 1, Decimal("60.00"), "N", "I")


def test_a_grant_is_written_like_an_add_and_may_be_voided_by_the_platform(
    execute: Execute, client: FlaskClient
) -> None:
    purse = cards.make_platform_holder(grant=100)
    with unit_of_work():
        entry = session.scalars(select(PointsEntry)).one()
        told = (entry.kind, entry.owner_id, entry.actor, entry.reason)
        granted = entry.transaction_id
    assert told == ("GRANT", PLATFORM_OWNER, OPERATOR.key, "test")
    host = cards.partner_of(None)
    assert partner_points.void_by_id(execute, host, granted).balance == 0
    assert cards.entries_of(purse) == [("GRANT", 100, 100), ("VOID", 100, 0)]
    assert proof.prove().ok


def test_a_grant_goes_to_the_platforms_card_alone(holder: Holder) -> None:
    purse = cards.give(str(PLATFORM_PROGRAMME), holder.member_id, holder.phone)
    with unit_of_work():
        assert points.grant(OPERATOR, member_of(holder), 70) == 70
    assert (cards.balance_of(purse), cards.balance_of(holder)) == (70, 0)
    assert books.balance(holder.member_id) == 70


def test_a_grant_does_not_pass_the_maximum(client: FlaskClient) -> None:
    purse = cards.make_platform_holder(grant=1_000_000_000)
    member = member_of(purse)
    with unit_of_work():
        points.grant(OPERATOR, member, 1_000_000_000)
    with pytest.raises(Refusal) as refusal, unit_of_work():
        points.grant(OPERATOR, member, 1)
    assert [one.field for one in refusal.value.details] == ["points"]
    assert cards.balance_of(purse) == 2_000_000_000


def test_a_grant_to_nobody_is_refused(client: FlaskClient) -> None:
    with pytest.raises(Refusal) as refusal, unit_of_work():
        points.grant(OPERATOR, uuid.uuid4(), 1)
    assert refusal.value.error.code == "API_ERROR.NOT_EXIST"


def test_a_burn_is_not_given_back_above_the_maximum(
    execute: Execute, partner: Partner, holder: Holder
) -> None:
    add, full = partner_points.add_points, 2_000_000_000
    add(execute, partner, named(holder), full, NO_REFS)
    burnt = partner_points.burn(execute, partner, named(holder), 5, Refs("R"))
    add(execute, partner, named(holder), 1, NO_REFS)
    act = (partner_points.void_by_id, execute, partner, burnt.transaction_id)
    assert refused(*act) == "INVALID_PARAMETER"
    assert cards.balance_of(holder) == full - 4


def test_a_member_who_moved_to_another_tenant_is_no_longer_found(
    execute: Execute, partner: Partner, holder: Holder, client: FlaskClient
) -> None:
    other, _, _ = cards.tenant_with_holder()
    with unit_of_work():
        moved = update(Member).where(Member.household_member_id == holder.member_id)
        session.execute(moved.values(tenant_id=uuid.UUID(other)))
    act = (partner_points.add_points, execute, partner, named(holder), 1, NO_REFS)
    assert refused(*act) == "NOT_EXIST"


@pytest.mark.parametrize("wrong", ["\0", "a\0b", "\udce4"])
def test_what_the_database_cannot_hold_names_nothing(
    execute: Execute, partner: Partner, holder: Holder, wrong: str
) -> None:
    card = CardKey(wrong, holder.phone)
    assert refused(partner_points.add_points, execute, partner, card, 1, NO_REFS) == "NOT_EXIST"
    assert refused(partner_points.void_by_ref_no, execute, partner, wrong) == "NOT_EXIST"
    assert refused(partner_points.void_by_ref_id, execute, partner, wrong) == "NOT_EXIST"


def test_a_ref_no_of_many_tells_a_hundred(
    execute: Execute, partner: Partner, holder: Holder
) -> None:
    for _ in range(101):
        partner_points.add_points(execute, partner, named(holder), 1, Refs("N"))
    with pytest.raises(Refusal) as refusal:
        partner_points.void_by_ref_no(execute, partner, "N")
    assert len({one.en for one in refusal.value.details}) == 100


@pytest.mark.parametrize(
    ("names", "index"),
    [
        ("(gen_random_uuid(), NULL, NULL)", "uq_points_entries_transaction_id"),
        ("(NULL, 'none', NULL)", "ix_points_entries_ref_no"),
        ("(NULL, NULL, 'none')", "uq_points_entries_ref_id"),
    ],
)
def test_each_way_of_naming_a_transaction_uses_its_index(
    settings: Settings, partner: Partner, holder: Holder, names: str, index: str
) -> None:
    # Of this transaction alone: what other connections did is told whenever they come to it.
    scans = "SELECT pg_stat_get_xact_numscans(%s::regclass)"
    with psycopg.connect(settings.database_url) as connection:

        def count(name: str) -> int:
            row = connection.execute(scans, (name,)).fetchone()
            assert row
            return int(row[0])

        void = f"SELECT outcome FROM points_void('{partner.owner_id}', {names[1:-1]}, 'x')"
        assert connection.execute(void).fetchone() == ("NOT_FOUND",)
        assert count(index) > 0
        assert count("ix_points_entries_owner") == 0
