"""Numbers that are nobody's are limited at the desk; good ones never count."""

import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from types import SimpleNamespace

import pytest
from flask import Flask
from redis.exceptions import ConnectionError as Away

from tests.support.cast import Caller, issue
from tests.support.desks import take_piece
from tests.support.site import Visitor, make_visitor, tokens
from voucherweb import create_app
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.extensions import db, limiter
from voucherweb.models import WriteOff
from voucherweb.transaction import session, unit_of_work
from voucherweb.web import guessing

DESK, LOOK_UP, WRITE_OFF = "/admin/desk", "/admin/desk/look-up", "/admin/desk/write-off"
MOST = 20
"""Wrong numbers of one admin in a minute."""
NOBODYS = "L999990120260101999900001"


@pytest.fixture
def loud(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The site with its throttles on and nothing counted yet, in a minute that does not end."""
    made = create_app(replace(settings, ratelimit_enabled=True))
    at = clock.now().replace(minute=30, second=5)
    monkeypatch.setattr(guessing, "clock", SimpleNamespace(now=lambda: at))
    limiter.storage.reset()
    yield made
    limiter.storage.reset()
    limiter.enabled = False
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def number(admin: Caller, member: Caller) -> str:
    return take_piece(member, issue(admin))[1]


def clerk(loud: Flask, admin: Caller, role: str = "CLERK") -> Visitor:
    return make_visitor(loud, role, admin.tenant_id)


def asked(who: Visitor, number: str, **more: str) -> tuple[int, str]:
    answer = who.post(LOOK_UP, {"number": number, **more}, at=DESK)
    found = re.findall(r'data-verdict="(\w+)"', answer.text)
    return answer.status_code, str(found[0])


def wrong(who: Visitor, times: int = MOST) -> set[tuple[int, str]]:
    return {asked(who, NOBODYS) for _ in range(times)}


def test_after_too_many_wrong_numbers_nothing_is_looked_up(
    loud: Flask, admin: Caller, number: str
) -> None:
    who = clerk(loud, admin)
    assert wrong(who) == {(200, "NOT_OURS")}
    answer = who.post(LOOK_UP, {"number": number, "direct": "1"}, at=DESK)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "55"
    assert re.search(r"請等 <strong>55 秒</strong>再查", answer.text)
    assert f'value="{number}"' in answer.text
    assert "王○明" not in answer.text
    with unit_of_work():
        assert session.query(WriteOff).count() == 0


def test_good_numbers_never_count(loud: Flask, admin: Caller, number: str) -> None:
    who = clerk(loud, admin)
    assert {asked(who, number) for _ in range(MOST + 5)} == {(200, "GOOD")}
    wrong(who, MOST - 1)
    assert asked(who, number) == (200, "GOOD")
    assert asked(who, NOBODYS) == (200, "NOT_OURS")
    assert asked(who, number) == (429, "WAIT")


def test_what_was_used_is_no_guess(loud: Flask, admin: Caller, number: str) -> None:
    who = clerk(loud, admin)
    assert who.post(LOOK_UP, {"number": number, "direct": "1"}, at=DESK).status_code == 303
    assert {asked(who, number) for _ in range(MOST + 5)} == {(200, "USED")}


def test_another_clerk_goes_on(loud: Flask, admin: Caller, number: str) -> None:
    wrong(clerk(loud, admin), MOST + 1)
    assert asked(clerk(loud, admin), number) == (200, "GOOD")


def test_many_clerks_at_one_address_are_limited_together(
    loud: Flask, admin: Caller, number: str
) -> None:
    for _ in range(6):
        assert wrong(clerk(loud, admin)) == {(200, "NOT_OURS")}
    assert asked(clerk(loud, admin), number) == (429, "WAIT")


def test_the_button_is_no_way_round(loud: Flask, admin: Caller) -> None:
    who = clerk(loud, admin)
    form = tokens(who.text(DESK))
    answers = [
        who.send(WRITE_OFF, {**form, "once_key": uuid.uuid4().hex, "number": NOBODYS}).status_code
        for _ in range(MOST + 1)
    ]
    assert answers == [400] * MOST + [429]


def test_an_admin_of_the_tenant_is_limited_too_and_in_english(loud: Flask, admin: Caller) -> None:
    who = clerk(loud, admin, "TENANT_ADMIN")
    wrong(who)
    answer = who.post(LOOK_UP, {"number": NOBODYS}, at=DESK, Accept_Language="en")
    assert re.search(r"Wait <strong>\d+ (second|minute)s?</strong>, then", answer.text)


def test_without_the_counts_desks_go_on(
    loud: Flask, admin: Caller, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> int:
        raise Away

    who = clerk(loud, admin)
    monkeypatch.setattr(type(limiter.storage), "incr", away)
    assert wrong(who, MOST + 1) == {(200, "NOT_OURS")}
    assert asked(who, number) == (200, "GOOD")


def together(count: int, act: Callable[[Barrier], bool]) -> list[bool]:
    """What `act(barrier)` answers to so many at once; each waits for all where it likes."""
    barrier = Barrier(count)
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: act(barrier), range(count)))


def test_looking_at_the_count_first_lets_all_through_at_once(loud: Flask) -> None:
    def naive(barrier: Barrier) -> bool:
        free = limiter.storage.get("naive") < MOST
        barrier.wait(10)
        limiter.storage.incr("naive", 60)
        return bool(free)

    assert sum(together(MOST + 10, naive)) == MOST + 10


def test_whoever_asks_for_many_at_once_gains_nothing(loud: Flask, admin: Caller) -> None:
    who = clerk(loud, admin)
    form = {**tokens(who.text(DESK)), "number": NOBODYS}
    with who.client.session_transaction() as mine:
        cookie = dict(mine)

    def ask(barrier: Barrier) -> bool:
        client = loud.test_client()
        with client.session_transaction() as theirs:
            theirs.update(cookie)
        barrier.wait(10)
        return client.post(LOOK_UP, data=form).status_code == 200

    assert sum(together(MOST + 10, ask)) == MOST
