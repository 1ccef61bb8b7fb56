"""Run as a program: a process of its own that moves points through the real service, in threads.

Reads one JSON line with its orders, says "ready", waits for another line, and prints the ids of
all transactions that it was told of.
"""

import json
import random
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support.cards import partner_of
from tests.support.engines import TestEngines, make_settings
from voucherweb.errors import Refusal
from voucherweb.services import autocommit, partner_points
from voucherweb.services.partner_points import CardKey, Refs

THREADS = 4
ALLOWED = {"INSUFFICIENT_POINTS", "POINTS_ALREADY_SPENT", "ALREADY_VOIDED"}


def move(orders: dict[str, Any], seed: int) -> list[str]:
    """Add, burn and void at random; the ids of what was done."""
    luck = random.Random(seed)
    settings = make_settings(TestEngines(orders["database_url"], ""), Path())
    execute, partner = autocommit.alone(settings), partner_of(orders["tenant"])
    done: list[uuid.UUID] = []
    for _ in range(orders["times"]):
        card = CardKey(*luck.choice(orders["cards"]))
        try:
            lot = luck.random()
            if lot < 0.5:
                added = partner_points.add_points(
                    execute, partner, card, luck.randint(1, 9), Refs()
                )
                done.append(added.transaction_id)
            elif lot < 0.8 or not done:
                burnt = partner_points.burn(execute, partner, card, luck.randint(1, 9), Refs("R"))
                done.append(burnt.transaction_id)
            else:
                void = partner_points.void_by_id(execute, partner, luck.choice(done)).void_id
                assert void
                done.append(void)
        except Refusal as refusal:
            if refusal.error.code not in ALLOWED:
                raise
    return [str(one) for one in done]


def main() -> None:
    orders = json.loads(sys.stdin.readline())
    seeds = [orders["seed"] * THREADS + n for n in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        print("ready", flush=True)  # noqa: T201
        sys.stdin.readline()
        told = list(pool.map(lambda seed: move(orders, seed), seeds))
        print(json.dumps([one for ids in told for one in ids]))  # noqa: T201


main()
