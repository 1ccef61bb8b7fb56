"""Both contracts at once, by 16 workers, while web workers and the database are killed."""

import os
import signal
import threading
from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask

from tests.faults.test_rush import durable, kill_postgres
from tests.support.partner_mix import World, check, make_world, play
from tests.support.web import Web, serving
from voucherweb.config import Settings

KINDS = {"add", "burn", "void", "give", "take back", "use coupon", "redeem", "use piece"}


def each_time(every: int, act: Callable[[int], object]) -> Callable[[World], None]:
    """Act in a thread of its own whenever so many more answers are there."""
    done = [0]

    def look(world: World) -> None:
        if len(world.answers) >= (done[0] + 1) * every:
            done[0] += 1
            threading.Thread(target=act, args=(done[0],)).start()

    return look


def kill_one(web: Web, turn: int) -> None:
    workers = web.workers()
    if workers:
        os.kill(workers[turn % len(workers)], signal.SIGKILL)


def test_books_balance_after_a_mix_with_a_killed_web_worker(app: Flask, settings: Settings) -> None:
    world = make_world(app.test_client(), settings, people=12, pool=60, volume=60)
    with serving(settings) as web:
        kills = each_time(250, partial(kill_one, web))
        play(world, web.port, workers=16, steps=45, seed=1, meanwhile=kills)
    outcomes = check(world)
    assert {kind for kind, code in outcomes if code == "OK"} == KINDS
    assert any(answer.tries > 1 for _, answer in world.answers)


@pytest.mark.drill
@pytest.mark.timeout(7200)
def test_books_balance_after_100_000_operations_with_kills(app: Flask, settings: Settings) -> None:
    with durable(settings) as (engines, own_app, own):
        world = make_world(own_app.test_client(), own, people=400, pool=12_000, volume=15_000)

        def kill(turn: int) -> None:
            if turn % 4 == 0:
                kill_postgres(engines)
            else:
                kill_one(web, turn)

        with serving(own) as web:
            kills = each_time(5_000, kill)
            play(world, web.port, workers=16, steps=6_250, seed=2, meanwhile=kills)
        outcomes = check(world)
    assert sum(outcomes.values()) >= 90_000
    assert {kind for kind, code in outcomes if code == "OK"} == KINDS
