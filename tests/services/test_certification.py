"""`partner certify` over real calls: what a partner has to show, and what does not count."""

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.add_ons import Opener, issue_key, register
from tests.support.cast import Caller
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.certification import Result
from voucherweb.errors import Refusal
from voucherweb.services import api_keys, certification
from voucherweb.services.api_keys import IssuedKey
from voucherweb.services.certification import TITLES, TO_DO, Report, certify
from voucherweb.services.sandboxes import PHONES
from voucherweb.transaction import unit_of_work

ADD = "/v2/connect/add/points"
TRANSACTIONS = "/v2/connect/transactions"
FAULT = "X-Sandbox-Fault"


class Server:
    """A partner's server with a sandbox key, which does as it is told."""

    def __init__(self, client: FlaskClient, key: IssuedKey) -> None:
        self.client, self.key = client, key
        self.renew()
        profile = self.get("/v2/connect/profiles", phone_number=PHONES[0])["data"][0]
        self.body = {
            "method": 2,
            "points": 1,
            "phone_number": PHONES[0],
            "card_no": profile["cards"][0]["card_no"],
        }

    def renew(self) -> None:
        self.token = Opener(self.client).fetch(self.key)

    def add(self, key: str | None = "k1", fault: str | None = None, **more: Any) -> int:
        """The status of adding one point."""
        named = {"Idempotency-Key": key, FAULT: fault}
        headers = {name: value for name, value in named.items() if value}
        sent = {**headers, "Authorization": f"Bearer {self.token}"}
        return self.client.post(ADD, json={**self.body, **more}, headers=sent).status_code

    def get(self, path: str, **query: Any) -> Any:
        asked = {name.rstrip("_"): value for name, value in query.items()}
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.client.get(path, query_string=asked, headers=headers).get_json()

    def read(self, start: datetime, end: datetime, size: int = 4) -> None:
        """Every page of a window."""
        page, last = 1, 1
        while page <= last:
            told = self.get(TRANSACTIONS, from_=text(start), to=text(end), page=page, size=size)
            page, last = page + 1, told["pagination"]["total_pages"]


def text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.fixture
def server(client: FlaskClient, tenant_id: str) -> Server:
    return Server(client, issue_key(tenant_id, sandbox=True))


def judged(server: Server, since: datetime | None = None) -> Report:
    with unit_of_work():
        return certify(api_keys.get_key(OPERATOR, server.key.api_key), since)


def results(server: Server, since: datetime | None = None) -> dict[str, Result]:
    return {one.name: one.finding.result for one in judged(server, since).items}


def good_keys(server: Server) -> None:
    server.add("plain")


def good_repeat(server: Server) -> None:
    assert server.add("lost", "timeout-after-commit") == 504
    assert server.add("lost", "timeout-after-commit") == 201


def good_wait(server: Server) -> None:
    assert server.add("busy", "too-many-requests") == 429
    time.sleep(2.05)
    assert server.add("busy") == 201


def good_renewal(server: Server) -> None:
    assert server.add("old", "unauthorized") == 401
    server.renew()
    assert server.add("old") == 201


def good_windows(server: Server) -> None:
    now = clock.now()
    server.read(now - timedelta(hours=2), now - timedelta(seconds=0.001))
    server.read(now - timedelta(seconds=0.001), now)


def test_whoever_shows_everything_passes(server: Server, app: Flask) -> None:
    for show in (good_keys, good_repeat, good_wait, good_renewal, good_windows):
        show(server)
    report = judged(server)
    assert report.has_passed, [one for one in report.items if not one.has_passed]
    assert [one.name for one in report.items] == list(TITLES)
    assert all(one.to_do is None for one in report.items)
    assert all(one.finding.evidence for one in report.items if one.name != "exchange-once")


def test_whoever_shows_nothing_passes_nothing(server: Server) -> None:
    found = results(server)
    assert found.pop("exchange-once") is Result.NOT_NEEDED
    assert set(found.values()) == {Result.NOT_SHOWN}


def no_key(server: Server) -> None:
    server.add("plain")
    server.add(None)


def one_key_for_all(server: Server) -> None:
    server.add("plain")
    server.add("plain", points=2)


def another_key(server: Server) -> None:
    server.add("lost", "timeout-after-commit")
    server.add("found")


def both_keys(server: Server) -> None:
    another_key(server)
    server.add("lost")


def no_wait(server: Server) -> None:
    server.add("busy", "unavailable")
    server.add("busy")


def old_token(server: Server) -> None:
    server.add("old", "unauthorized")
    server.add("old")
    server.renew()
    server.add("old")


def gap(server: Server) -> None:
    now = clock.now()
    server.read(now - timedelta(hours=2), now - timedelta(hours=1))
    server.read(now - timedelta(minutes=59), now)


def first_page_only(server: Server) -> None:
    now = clock.now()
    for start, end in ((2, 0.001), (0.001, 0)):
        told = {"from_": text(now - timedelta(hours=start)), "to": text(now - timedelta(hours=end))}
        server.get(TRANSACTIONS, size=2, **told)


def into_the_future(server: Server) -> None:
    now = clock.now()
    server.read(now - timedelta(hours=2), now + timedelta(hours=1))


@pytest.mark.parametrize(
    ("evade", "item"),
    [
        (no_key, "idempotency-key"),
        (one_key_for_all, "idempotency-key"),
        (another_key, "repeat-after-timeout"),
        (both_keys, "repeat-after-timeout"),
        (no_wait, "retry-after"),
        (old_token, "renew-after-401"),
        (gap, "transaction-windows"),
        (first_page_only, "transaction-windows"),
        (into_the_future, "transaction-windows"),
    ],
    ids=lambda one: one.__name__ if callable(one) else "",
)
def test_an_evasion_fails_its_item_and_says_what_to_do(
    server: Server, evade: Callable[[Server], None], item: str
) -> None:
    evade(server)
    found = next(one for one in judged(server).items if one.name == item)
    assert found.finding.result is Result.FAILED
    assert found.finding.evidence
    assert found.to_do
    assert found.to_do.en.startswith(TO_DO[item].en)


def test_one_may_begin_anew_after_a_mistake(server: Server) -> None:
    server.add(None)
    time.sleep(0.01)  # The log keeps whole milliseconds.
    later = clock.now()
    server.add("k2")
    assert results(server)["idempotency-key"] is Result.FAILED
    assert results(server, later)["idempotency-key"] is Result.PASSED


def test_another_key_of_the_tenant_shows_nothing_for_this_one(
    client: FlaskClient, tenant_id: str, server: Server
) -> None:
    other = Server(client, issue_key(tenant_id, sandbox=True))
    good_keys(other)
    assert results(other)["idempotency-key"] is Result.PASSED
    assert results(server)["idempotency-key"] is Result.NOT_SHOWN


def test_exchange_tokens_count_once_the_tenant_has_an_add_on(
    client: FlaskClient, admin: Caller, server: Server
) -> None:
    opener, add_on = Opener(client), register(admin.tenant_id)
    opener.offer(admin, add_on)  # Opened and left: nothing was offered twice.
    assert results(server)["exchange-once"] is Result.NOT_SHOWN
    token = opener.offer(admin, add_on)
    assert opener.ask("access-token", exchange_token=token).status_code == 201
    assert results(server)["exchange-once"] is Result.PASSED
    assert opener.ask("access-token", exchange_token=token).status_code == 401
    assert results(server)["exchange-once"] is Result.FAILED


def test_a_live_key_is_not_certified(client: FlaskClient, tenant_id: str) -> None:
    live = issue_key(tenant_id)
    with pytest.raises(Refusal, match="INVALID_PARAMETER"), unit_of_work():
        certify(api_keys.get_key(OPERATOR, live.api_key))


def test_the_command_tells_people_and_machines(app: Flask, server: Server) -> None:
    server.add(None)
    ran = app.test_cli_runner().invoke(args=["partner", "certify", server.key.api_key])
    assert ran.exit_code == 1
    assert "[FAIL] idempotency-key" in ran.stdout
    assert ran.stdout.splitlines()[-1].endswith("1 of 6 items passed")
    ran = app.test_cli_runner().invoke(args=["partner", "certify", server.key.api_key, "--json"])
    told = json.loads(ran.stdout)
    assert (ran.exit_code, told["ok"], told["key"]) == (1, False, server.key.api_key)
    first = told["items"][0]
    assert (first["result"], first["passed"], len(first["evidence"])) == ("failed", False, 1)
    assert "Idempotency-Key" in first["toDo"]


@pytest.mark.parametrize("key", ["vk_test_000000000000000000000000", "nonsense\x7f"])
def test_an_unknown_key_is_told_so(app: Flask, key: str) -> None:
    ran = app.test_cli_runner().invoke(args=["partner", "certify", key, "--json"])
    assert (ran.exit_code, json.loads(ran.stdout)["error"]["code"]) == (1, "API_ERROR.NOT_EXIST")


def test_a_moment_to_begin_at_may_be_given(app: Flask, server: Server) -> None:
    server.add(None)
    since = (clock.now() + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    words = ["partner", "certify", server.key.api_key, "--since", since, "--json"]
    told = json.loads(app.test_cli_runner().invoke(args=words).stdout)
    assert (told["calls"], told["items"][0]["result"]) == (0, "not_shown")


def test_only_the_latest_calls_are_judged_tokens_among_them(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add(None)
    server.renew()
    for key in ("one", "two", "three"):
        assert server.add(key) == 201
    assert results(server)["idempotency-key"] is Result.FAILED
    monkeypatch.setattr(certification, "MOST_CALLS", 4)
    report = judged(server)
    assert report.calls == 4
    assert {one.name: one.finding.result for one in report.items}["idempotency-key"] is (
        Result.PASSED
    )
    monkeypatch.setattr(certification, "MOST_CALLS", 5)
    assert results(server)["idempotency-key"] is Result.FAILED


def test_a_window_that_was_begun_before_the_latest_calls_is_left_out(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        server.add(f"key {number}")
    before = judged(server).calls
    good_windows(server)
    report = judged(server)
    reads = report.calls - before
    assert reads >= 3
    monkeypatch.setattr(certification, "MOST_CALLS", reads - 1)
    assert results(server)["transaction-windows"] is Result.NOT_SHOWN


def test_who_reads_all_day_long_is_judged_by_what_tells_something(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for show in (good_keys, good_repeat, good_wait, good_renewal, good_windows):
        show(server)
    needed = judged(server).calls
    monkeypatch.setattr(certification, "AFTER_REFUSAL", 5)
    monkeypatch.setattr(certification, "MOST_CALLS", needed + 5)
    for _ in range(needed + 6):
        server.get("/v2/connect/campaigns")
    report = judged(server)
    missing = [one.finding for one in report.items if not one.has_passed]
    assert missing == [], "the latest calls alone are reads, and would show nothing"
    assert needed <= report.calls <= needed + 5
    monkeypatch.setattr(certification, "MOST_SEEN", needed)
    assert set(results(server).values()) == {Result.NOT_SHOWN, Result.NOT_NEEDED}


def test_a_read_that_was_refused_and_asked_again_counts_among_other_reads(server: Server) -> None:
    refused = {"Authorization": f"Bearer {server.token}", FAULT: "too-many-requests"}
    server.get("/v2/connect/campaigns")
    answer = server.client.get("/v2/connect/campaigns", headers=refused)
    assert answer.status_code == 429
    assert results(server)["retry-after"] is Result.NOT_SHOWN
    time.sleep(2.05)
    server.get("/v2/connect/campaigns")
    assert results(server)["retry-after"] is Result.PASSED
