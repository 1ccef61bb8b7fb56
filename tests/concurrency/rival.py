"""Run as a program: a process of its own that redeems through the real service, in threads.

Reads one JSON line with its orders, says "ready", waits for another line, and prints what came.
"""

import json
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support.engines import TestEngines, make_settings
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.errors import Refusal
from voucherweb.services import redemptions


def main() -> None:
    orders = json.loads(sys.stdin.readline())
    settings = make_settings(TestEngines(orders["database_url"], ""), Path())
    voucher = uuid.UUID(orders["voucher"])

    def redeem(member: str) -> tuple[str, int]:
        actor = Actor(Role.MEMBER, uuid.UUID(member), household_id=member)
        try:
            done = redemptions.redeem(settings, actor, voucher, str(uuid.uuid4()))
        except Refusal as refusal:
            return refusal.error.code.rpartition(".")[2], 0
        return "REDEEMED", done.piece.seq

    with ThreadPoolExecutor(8) as pool:
        print("ready", flush=True)  # noqa: T201
        sys.stdin.readline()
        print(json.dumps(list(pool.map(redeem, orders["members"]))))  # noqa: T201


main()
