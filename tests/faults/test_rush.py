"""A rush on one voucher over HTTP, while a web worker or PostgreSQL itself is killed.

Clients retry with their keys until they have an answer; then the rows must be exactly right.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade

from tests.support import cast
from tests.support.crowd import Crowd
from tests.support.engines import empty_database
from tests.support.load import Client, rush
from tests.support.web import Web, serving
from voucherweb import create_app
from voucherweb.config import Settings
from voucherweb.embedded.engines import Engines
from voucherweb.embedded.processes import occupants, send
from voucherweb.embedded.temporary import temporary_engines
from voucherweb.extensions import db
from voucherweb.services import per_process

KILL = signal.SIGKILL


def make_crowd(app: Flask, settings: Settings, volume: int, count: int, limit: int) -> Crowd:
    tenant = cast.make_tenant()
    cast.fund(tenant)
    admin = cast.make_admin(app.test_client(), settings, tenant)
    voucher = cast.issue(admin, volume=volume, redeemLimit=limit)
    crowd = Crowd(settings, voucher, volume, count, limit)
    crowd.enter()
    return crowd


def once_at(number: int, act: Callable[[], object]) -> Callable[[int], None]:
    """Act in a thread of its own when that many answers are there."""

    def on_answer(count: int) -> None:
        if count == number:
            threading.Thread(target=act).start()

    return on_answer


def busiest(web: Web) -> int:
    """The worker with the most open sockets: its death is sure to cut callers off."""

    def sockets(pid: int) -> int:
        links = [str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()]
        return sum(link.startswith("socket:") for link in links)

    return max(web.workers(), key=sockets)


def test_a_rush_with_a_killed_web_worker(app: Flask, settings: Settings) -> None:
    crowd = make_crowd(app, settings, volume=150, count=120, limit=2)
    with serving(settings) as web:
        before = set(web.workers())
        kill = once_at(40, lambda: os.kill(busiest(web), KILL))
        answers = rush(web.port, crowd.asks(each=3), 24, on_answer=kill)
        assert before - set(web.workers())
        assert max(answer.tries for answer in answers) > 1
        crowd.check(answers)
        repeated = next(answer for answer in answers if answer.code == "OK")
        with closing(Client(web.port, patience=10)) as client:
            again = client.ask(repeated.ask)
    assert again.replayed
    assert again.body == repeated.body


@contextmanager
def durable(settings: Settings) -> Iterator[tuple[Engines, Flask, Settings]]:
    """Engines that survive a crash, and the application over them."""
    with temporary_engines(durable=True, log=lambda _line: None) as engines:
        own = replace(settings, database_url=engines.database_url, redis_url=engines.redis_url)
        app = create_app(own)
        with app.app_context():
            upgrade()
            yield engines, app, own
            db.session.remove()
            db.engine.dispose()
            per_process.close_all()


def kill_postgres(engines: Engines) -> None:
    """End every process of the server at once, as a crash of the machine would, and start it."""
    server = engines.postgres
    assert server
    send(occupants(server.data.resolve(), {"postgres"}, server.data / "postmaster.pid"), KILL)
    assert server.process
    server.process.wait(10)
    assert engines.revive() == ["postgres"]


def test_a_rush_with_a_killed_database(app: Flask, settings: Settings) -> None:
    with durable(settings) as (engines, own_app, own):
        crowd = make_crowd(own_app, own, volume=150, count=120, limit=2)
        with serving(own) as web:
            kill = once_at(40, partial(kill_postgres, engines))
            answers = rush(web.port, crowd.asks(each=3), 24, on_answer=kill)
        crowd.check(answers)
    assert max(answer.tries for answer in answers) > 1


@pytest.mark.drill
@pytest.mark.timeout(3600)
def test_twenty_great_rushes_in_a_row(app: Flask, settings: Settings) -> None:
    for seed in range(20):
        empty_database(settings.database_url)
        crowd = make_crowd(app, settings, volume=500, count=2000, limit=1)
        with serving(settings) as web:
            victim = web.workers()[seed % 2]
            kill = once_at(150 + 10 * seed, partial(os.kill, victim, KILL))
            answers = rush(web.port, crowd.asks(each=2, seed=seed), 64, on_answer=kill)
            assert victim not in web.workers()
        crowd.check(answers)
