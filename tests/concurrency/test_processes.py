"""Separate processes, each with its own batcher and threads, want the same voucher."""

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

from flask.testing import FlaskClient

from tests.support import books
from tests.support.cast import Caller, issue, make_member, voucher_row
from voucherweb.config import Settings

RIVAL = Path(__file__).with_name("rival.py")


def start(orders: dict[str, object]) -> "subprocess.Popen[str]":
    """A rival that has everything loaded and waits for the word."""
    rival = subprocess.Popen(
        [sys.executable, str(RIVAL)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert rival.stdin
    assert rival.stdout
    rival.stdin.write(json.dumps(orders) + "\n")
    rival.stdin.flush()
    assert rival.stdout.readline() == "ready\n"
    return rival


def race(settings: Settings, voucher: str, members: list[str], count: int) -> list[list[object]]:
    """What `count` processes were answered when each asked once for every one of the members."""
    rivals = []
    for seed in range(count):
        mine = random.Random(seed).sample(members, len(members))
        url = settings.database_url
        rivals.append(start({"database_url": url, "voucher": voucher, "members": mine}))
    for rival in rivals:
        assert rival.stdin
        rival.stdin.write("go\n")
        rival.stdin.flush()
    outputs = [rival.communicate(timeout=60)[0] for rival in rivals]
    return [answer for output in outputs for answer in json.loads(output)]


def test_processes_share_volume_and_limit(
    client: FlaskClient, settings: Settings, admin: Caller
) -> None:
    voucher = issue(admin, volume=35, redeemLimit=2)
    people = [str(books.member_id(make_member(client, settings).id)) for _ in range(20)]
    answers = race(settings, voucher, people, count=3)
    outcomes = Counter(outcome for outcome, _ in answers)
    assert sorted(seq for _, seq in answers if seq) == list(range(1, 36))
    assert set(outcomes) <= {
        "REDEEMED",
        "VOUCHER_REDEEM_OVER_VOLUME",
        "VOUCHER_REDEEM_OVER_LIMIT",
    }
    assert outcomes["REDEEMED"] == voucher_row(voucher).redeemed == 35
    assert books.most_pieces_of_one_member(voucher) <= 2
