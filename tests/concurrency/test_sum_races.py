"""Points are added up while they are written: none is counted twice or lost."""

import uuid
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import text

from tests.support import cards
from voucherweb.config import Settings
from voucherweb.domain.actor import OPERATOR
from voucherweb.services import campaign_book
from voucherweb.services.proof import prove
from voucherweb.transaction import session, unit_of_work

ADD = "SELECT outcome FROM points_change('ADD', %s, 7, 2, NULL, NULL, NULL, 'test', NULL, now())"


def told(campaign: str) -> int:
    with unit_of_work():
        return campaign_book.totals(OPERATOR, uuid.UUID(campaign)).added


def before(moment: datetime, campaign: str, *, earlier: bool) -> int:
    """What the entries of a campaign add up to on one side of a moment."""
    query = (
        "SELECT coalesce(sum(e.points), 0) FROM points_entries e JOIN cards c ON c.id = e.card_id"
        " WHERE c.programme_id = :p AND (e.created_at < :m) = :earlier"
    )
    with unit_of_work():
        values = {"p": campaign, "m": moment, "earlier": earlier}
        return int(session.execute(text(query), values).scalar_one())


def add(connection: "psycopg.Connection[Any]", holder: cards.Holder) -> None:
    assert connection.execute(ADD, [holder.card_id]).fetchone() == ("DONE",)


def test_a_sum_up_to_now_misses_what_is_being_written(app: Any, settings: Settings) -> None:
    """The naive way: a moment is taken, what is older is added up, and the rest is read later."""
    assert app
    _, campaign, holder = cards.tenant_with_holder()
    with psycopg.connect(settings.database_url) as writer:
        add(writer, holder)
        with unit_of_work():
            moment = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        kept = before(moment, campaign, earlier=True)
        writer.commit()
    assert kept + before(moment, campaign, earlier=False) == 0
    assert told(campaign) == 7


def test_what_is_being_written_is_left_for_later(app: Any, settings: Settings) -> None:
    assert app
    _, campaign, holder = cards.tenant_with_holder()
    with psycopg.connect(settings.database_url) as first:
        add(first, holder)
    with psycopg.connect(settings.database_url) as writer:
        add(writer, cards.make_holder(campaign))
        assert campaign_book.close_points() == 1
        assert told(campaign) == 7
        writer.commit()
    assert told(campaign) == 14
    assert campaign_book.close_points() == 1
    assert told(campaign) == 14
    assert campaign_book.close_points() == 0
    assert prove().first_bad is None


def test_two_who_add_up_at_once_count_once(app: Any, settings: Settings) -> None:
    assert app
    _, campaign, holder = cards.tenant_with_holder()
    with psycopg.connect(settings.database_url) as first:
        add(first, holder)
    with psycopg.connect(settings.database_url) as rival:
        assert rival.execute("SELECT close_points()").fetchone() == (1,)
        rival.commit()
    assert campaign_book.close_points() == 0
    assert told(campaign) == 7


def test_a_member_with_two_cards_is_one_holder_whoever_is_first(
    app: Any, settings: Settings
) -> None:
    assert app
    tenant_id, _, holder = cards.tenant_with_holder()
    other = cards.make_campaign(tenant_id)
    with psycopg.connect(settings.database_url) as rival:
        member = rival.execute(
            "INSERT INTO cards (member_id, programme_id) SELECT member_id, %s FROM cards"
            " WHERE id = %s RETURNING member_id",
            [other, holder.card_id],
        ).fetchone()
    with unit_of_work():
        noted = session.execute(text("SELECT tenant_id::text, member_id FROM campaign_holders"))
        assert noted.all() == [(tenant_id, member[0] if member else None)]
