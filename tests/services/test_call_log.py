"""The log of partners' calls: lines behind the answers, and when a key was used last."""

from datetime import timedelta

import psycopg
import pytest
from structlog.testing import capture_logs

from tests.support.partners import PartnerCaller
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.services import autocommit, call_log

CAMPAIGNS = "/v2/connect/campaigns"


def lines(settings: Settings) -> list[tuple[str, int, str | None]]:
    with psycopg.connect(settings.database_url) as connection:
        rows = connection.execute("SELECT path, status, code FROM partner_calls ORDER BY id")
        return [(row[0], row[1], row[2]) for row in rows]


def line(caller: str, **changes: object) -> call_log.Line:
    told = {
        "at": clock.now(),
        "tenant_id": None,
        "caller": caller,
        "request_id": "r",
        "method": "GET",
        "path": CAMPAIGNS,
        "query": "",
        "status": 200,
        "code": None,
        "ms": 1,
        "idempotency_key": None,
        "replayed": False,
        "fingerprint": None,
        "fault": None,
        "retry_after": None,
        "address": None,
    }
    return call_log.Line(**{**told, **changes})  # type: ignore[arg-type]


def test_a_call_is_logged_behind_its_answer(partner: PartnerCaller, settings: Settings) -> None:
    partner.get(CAMPAIGNS, page=1, size=5)
    partner.get(CAMPAIGNS, size=5000)
    call_log.flush(settings)
    assert lines(settings) == [(CAMPAIGNS, 200, None), (CAMPAIGNS, 400, "INVALID_PARAMETER")]


def test_a_path_that_the_database_cannot_hold_costs_nobody_a_line(
    partner: PartnerCaller, other_partner: PartnerCaller, settings: Settings
) -> None:
    other_partner.get(CAMPAIGNS)
    assert partner.delete("/v2/connect/void/points/ref-no/%00%ED%A0%80").status_code == 404
    call_log.flush(settings)
    told = lines(settings)
    assert [one[1] for one in told] == [200, 404]
    assert told[1][0].startswith("/v2/connect/void/points/ref-no/%00")


def test_what_a_query_says_of_people_and_codes_is_not_logged(
    partner: PartnerCaller, settings: Settings
) -> None:
    partner.get("/v2/connect/profiles", phone_number="0912345678", page=1)
    call_log.flush(settings)
    with psycopg.connect(settings.database_url) as connection:
        assert connection.execute("SELECT query FROM partner_calls").fetchall() == [("page=1",)]


def test_a_key_tells_when_it_was_used_last(partner: PartnerCaller, settings: Settings) -> None:
    late, early = clock.now(), clock.now() - timedelta(hours=1)
    execute = autocommit.alone(settings)
    call_log.write(execute, [line(partner.name, at=late), line(partner.name, at=early)])
    call_log.write(execute, [line(partner.name, at=early)])
    with psycopg.connect(settings.database_url) as connection:
        assert connection.execute("SELECT last_used_at FROM api_keys").fetchall() == [(late,)]


def test_a_key_that_another_process_notes_is_not_waited_for(
    partner: PartnerCaller, settings: Settings
) -> None:
    with psycopg.connect(settings.database_url) as rival:
        rival.execute("UPDATE api_keys SET last_used_at = now()")
        call_log.write(autocommit.alone(settings), [line(partner.name)])
        assert lines(settings) == [(CAMPAIGNS, 200, None)]


@pytest.mark.usefixtures("app")
def test_what_the_log_cannot_take_is_told_and_harms_no_call(settings: Settings) -> None:
    with capture_logs() as logs:
        call_log.write(autocommit.alone(settings), [line("key:x", ms=2**40)])
    assert [(one["event"], one["lines"]) for one in logs] == [("call_log_lost", 1)]
    assert lines(settings) == []
