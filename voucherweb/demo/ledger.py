"""Points of the demo's members: what they earned, so that every redemption was paid for."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Final, NamedTuple

from voucherweb.demo.history import HOUR, Piece
from voucherweb.demo.people import DAY, Person

_REASONS: Final = (
    "本月步數達標",
    "連續記錄血壓 7 天",
    "完成健康問卷",
    "每月登入獎勵",
    "參加健康講座",
    "體重紀錄 30 天",
    "回診報到",
)
_WELCOME: Final = "新會員禮"
_EXTRA: Final = "健康任務加碼"


class Move(NamedTuple):
    """One entry of a member's card: points won, or spent (less than 0) on a redemption."""

    member_id: str
    at: int
    points: int
    redemption_id: str | None
    reason: str | None


def keep_ledger(
    rng: Random, people: Sequence[Person], pieces: Iterable[Piece], unit: int, now: int
) -> Iterator[Move]:
    """Every member's moves in the order of time; no balance is ever below 0.

    `unit` is how many points a dollar is worth: rewards grow with it as prices do.
    """
    spent: dict[str, list[Move]] = defaultdict(list)
    for piece in pieces:
        move = Move(piece.member_id, piece.redeemed_at, -piece.points, piece.id, None)
        spent[piece.member_id].append(move)
    for person in people:
        won = _rewards(rng, person, unit, now)
        moves = sorted([*won, *spent[person.id]], key=lambda move: move.at)
        yield from _paid(rng, moves, unit)


def _rewards(rng: Random, person: Person, unit: int, now: int) -> Iterator[Move]:
    yield Move(person.id, person.joined, 50 * unit, None, _WELCOME)
    at = person.joined + rng.randint(5 * DAY, 30 * DAY)
    while at < now - HOUR:
        if rng.random() < 0.55:
            yield Move(person.id, at, rng.randint(2, 9) * 10 * unit, None, rng.choice(_REASONS))
        at += rng.randint(24 * DAY, 40 * DAY)


def _paid(rng: Random, moves: Sequence[Move], unit: int) -> Iterator[Move]:
    """The moves, with an extra reward before each redemption that could not be paid otherwise."""
    balance, before = 0, moves[0].at
    for move in moves:
        if balance + move.points < 0:
            short = -move.points - balance
            points = (short // (10 * unit) + rng.randint(1, 6)) * 10 * unit
            since = max(before, move.at - 3 * DAY)
            yield Move(move.member_id, rng.randint(since, move.at), points, None, _EXTRA)
            balance += points
        yield move
        balance += move.points
        before = move.at
