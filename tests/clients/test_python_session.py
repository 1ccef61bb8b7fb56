"""The Python client by itself: what it does about silence, refusals and tokens that end."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from voucherweb_partner import Answer, Client, ConnectionTrouble, NoAnswer, PartnerError, Patience
from voucherweb_partner.errors import BY_CODE, InsufficientPoints, TooManyRequests, Unauthorized
from voucherweb_partner.session import Request, Session
from voucherweb_partner.tokens import AddOnSource, KeySource
from voucherweb_partner.transport import HttpTransport
from voucherweb_partner.windows import spans, utc_text

from voucherweb.errors import ERRORS

SILENCE = ConnectionTrouble("no answer")
ADD = Request("POST", "/v2/connect/add/points", body={"points": 1})
LOOK = Request("GET", "/v2/connect/campaigns", {"page": 1, "size": None})


def said(status: int, body: Any = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, json.dumps(body or {}).encode())


def refused(status: int, code: str, **headers: str) -> Answer:
    body = {"statusCode": status, "code": code, "message": "…", "requestId": "r1"}
    return said(status, body, **headers)


@dataclass
class Stage:
    """A server that says what it is told to say, and a clock that stands still between sleeps."""

    answers: list[Answer | Exception]
    life: int = 3600
    now: float = 1000.0
    sent: list[tuple[str, str, Mapping[str, str], Any]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    tokens: int = 0

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        content = json.loads(body) if body else None
        self.sent.append((method, target, headers, content))
        is_token_call = target.startswith("/v1/auth-connect/")
        if is_token_call and isinstance(self.answers[0], Answer):
            self.tokens += 1
            return said(201, {"access_token": f"t{self.tokens}", "refresh_token": f"f{self.tokens}",
                              "expires_in": self.life})  # fmt: skip
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """There is nothing to close."""

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds

    def session(self, source: Any = None, **options: Any) -> Session:
        return Session(
            self,
            source or KeySource("vk_test_1", "vs_test_1"),
            sleep=self.sleep,
            monotonic=lambda: self.now,
            **options,
        )

    def calls(self) -> list[tuple[str, str, Mapping[str, str], Any]]:
        return [one for one in self.sent if one[1].startswith("/v2/")]

    def keys(self) -> list[str | None]:
        return [headers.get("Idempotency-Key") for _, _, headers, _ in self.calls()]


def test_a_write_gets_a_key_of_its_own_and_a_read_none() -> None:
    stage = Stage([said(201), said(201), said(200)])
    session = stage.session()
    for request in (ADD, ADD, LOOK):
        session.call(request)
    first, second, read = stage.keys()
    assert first != second
    assert (bool(first), bool(second), read) == (True, True, None)
    assert stage.calls()[2][1] == "/v2/connect/campaigns?page=1"


def test_silence_is_answered_by_the_same_key_and_body() -> None:
    stage = Stage([said(200), SILENCE, refused(504, "TIMEOUT"), said(201, {"ok": 1})])
    session = stage.session()
    session.call(LOOK)
    assert session.call(ADD) == {"ok": 1}
    tried = stage.calls()[1:]
    assert len({headers["Idempotency-Key"] for _, _, headers, _ in tried}) == 1
    assert [body for _, _, _, body in tried] == [{"points": 1}] * 3
    assert stage.slept == [0.5, 1.0]


def test_a_key_of_the_callers_own_is_kept() -> None:
    stage = Stage([said(201)])
    stage.session().call(Request("DELETE", "/v2/connect/void/points/1", key="mine"))
    assert stage.keys() == ["mine"]


def test_endless_silence_names_the_key_to_ask_again_with() -> None:
    stage = Stage([said(200), *[SILENCE] * 3])
    session = stage.session(patience=Patience(attempts=3))
    session.call(LOOK)
    with pytest.raises(NoAnswer) as raised:
        session.call(ADD)
    assert {raised.value.idempotency_key} == set(stage.keys()[1:])


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for_by_every_call(status: int) -> None:
    stage = Stage([refused(status, "TOO_MANY_REQUESTS", retry_after="7"), said(201)])
    stage.session().call(ADD)
    assert stage.slept == [7.0]
    assert len(set(stage.keys())) == 1


def test_a_wait_beyond_patience_is_told() -> None:
    stage = Stage([refused(429, "TOO_MANY_REQUESTS", retry_after="600"), said(201)])
    with pytest.raises(TooManyRequests) as raised:
        stage.session().call(ADD)
    assert (raised.value.retry_after, stage.slept) == (600.0, [])


def test_a_refusal_that_waiting_does_not_mend_is_raised_at_once() -> None:
    stage = Stage([refused(422, "INSUFFICIENT_POINTS"), said(201)])
    with pytest.raises(InsufficientPoints) as raised:
        stage.session().call(ADD)
    assert (raised.value.status, raised.value.request_id) == (422, "r1")
    assert len(stage.calls()) == 1


def test_a_key_that_is_being_worked_on_is_asked_for_again() -> None:
    stage = Stage([refused(409, "IDEMPOTENCY_IN_PROGRESS", retry_after="1"), said(201)])
    stage.session().call(ADD)
    assert stage.slept == [1.0]


def test_a_refused_token_is_renewed_once() -> None:
    stage = Stage([refused(401, "UNAUTHORIZED"), said(201)])
    stage.session().call(ADD)
    bearers = [headers["Authorization"] for _, _, headers, _ in stage.calls()]
    assert bearers == ["Bearer t1", "Bearer t2"]
    assert len(set(stage.keys())) == 1


def test_a_second_refusal_of_the_token_is_raised() -> None:
    stage = Stage([refused(401, "UNAUTHORIZED"), refused(401, "UNAUTHORIZED"), said(201)])
    with pytest.raises(Unauthorized):
        stage.session().call(ADD)
    assert (stage.tokens, len(stage.calls())) == (2, 2)


def test_a_token_is_renewed_a_minute_before_it_ends() -> None:
    stage = Stage([said(200) for _ in range(3)], life=300)
    session = stage.session()
    for later in (0, 239, 2):
        stage.now += later
        session.call(LOOK)
    assert stage.tokens == 2


def test_an_add_on_offers_each_token_once() -> None:
    stage = Stage([said(200), refused(401, "UNAUTHORIZED"), said(200)])
    session = stage.session(AddOnSource("e1"))
    session.call(LOOK)
    session.call(LOOK)
    offered = [body for _, target, _, body in stage.sent if target.startswith("/v1/")]
    assert offered == [{"exchange_token": "e1"}, {"refresh_token": "f1"}]


@pytest.mark.parametrize(
    ("source", "times"), [(AddOnSource("e1"), 1), (KeySource("k", "s"), 3)], ids=["add-on", "key"]
)
def test_only_what_may_be_offered_twice_is_offered_again(source: Any, times: int) -> None:
    stage = Stage([SILENCE] * 9)
    with pytest.raises(NoAnswer):
        stage.session(source, patience=Patience(attempts=3)).call(LOOK)
    assert len(stage.sent) == times


def test_a_fault_is_asked_for_once() -> None:
    stage = Stage([refused(504, "TIMEOUT"), said(201)])
    stage.session().call(Request("POST", "/v2/connect/add/points", body={}, fault="no-stock"))
    assert [headers.get("X-Sandbox-Fault") for _, _, headers, _ in stage.calls()] == [
        "no-stock",
        None,
    ]


def test_an_answer_that_is_no_json_is_still_an_error() -> None:
    stage = Stage([Answer(500, {}, b"<html>")])
    with pytest.raises(PartnerError, match="500"):
        stage.session().call(LOOK)


def test_there_is_an_exception_for_every_code_that_helps_to_tell_apart() -> None:
    assert set(BY_CODE) <= set(ERRORS)
    own = {name for name, error in ERRORS.items() if "." not in error.code and error.http != 400}
    assert own <= set(BY_CODE)


def test_spans_lie_end_to_start() -> None:
    start = datetime(2026, 11, 22, tzinfo=UTC)
    found = list(spans(start, start + timedelta(minutes=5), timedelta(minutes=2)))
    assert [(one - start).seconds for pair in found for one in pair] == [0, 120, 120, 240, 240, 300]
    assert list(spans(start, start, timedelta(minutes=2))) == []


def test_times_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        utc_text(datetime(2026, 11, 22))  # noqa: DTZ001 - that is the point.


@pytest.mark.parametrize("url", ["vouchers.example", "ftp://vouchers.example", "https://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        HttpTransport(url)


def test_points_and_value_exclude_each_other() -> None:
    client = Client("http://127.0.0.1:1", "k", "s")
    with pytest.raises(ValueError, match="either"):
        client.add_points(phone_number="1", card_no="2", points=1, value=1)


def test_a_server_that_is_away_is_no_answer() -> None:
    client = Client("http://127.0.0.1:1", "k", "s", patience=Patience(2, first_pause=0.01))
    with pytest.raises(NoAnswer):
        client.campaigns()
