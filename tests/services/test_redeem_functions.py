"""The single and the batched SQL function keep the same rules: each scenario runs through both."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import books
from tests.support.cast import Caller, issue, make_member, voucher_row
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.services.redemptions import Outcome, RedeemWork, Wish

Take = Callable[..., Outcome]
HOUR = 3_600_000


def wish(caller: Caller, voucher_id: str, key: str | None = None, print_: bytes = b"p") -> Wish:
    member = books.member_id(caller.id)
    return Wish(member, uuid.UUID(voucher_id), f"member:{member}", key, print_)


@pytest.fixture
def work(settings: Settings) -> Iterator[RedeemWork]:
    work = RedeemWork(settings)
    yield work
    work.close()


@pytest.fixture(params=["alone", "last of three"])
def take(
    request: pytest.FixtureRequest,
    work: RedeemWork,
    client: FlaskClient,
    settings: Settings,
    admin: Caller,
) -> Take:
    """Redeems one wish: by the single call, or in a batch behind two others."""
    if request.param == "alone":
        return lambda *values: work.one(wish(*values))
    others = [wish(make_member(client, settings), issue(admin)) for _ in range(2)]

    def in_a_batch(*values: Any) -> Outcome:
        return work.many([*others, wish(*values)])[-1]

    return in_a_batch


def test_a_piece_is_given(take: Take, admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin, price=45)
    outcome, piece, seq, points, at, number = take(member, voucher_id, "k")
    row = voucher_row(voucher_id)
    assert (outcome, seq, points, number) == ("REDEEMED", 1, 1350, row.voucher_no)
    *entry, written_at = books.entry_of(piece)
    assert entry == [1350, 100_000 - 1350]
    assert at - timedelta(seconds=1) < written_at < at + timedelta(seconds=60)
    assert books.balance(member.id) == 100_000 - 1350
    assert row.redeemed == 1


def test_a_repeated_key_gives_the_same_piece(take: Take, admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin, volume=1, redeemLimit=1)
    first = take(member, voucher_id, "k")
    again = take(member, voucher_id, "k")
    assert again[0] == "REPLAYED"
    assert tuple(again[1:]) == tuple(first[1:])
    assert voucher_row(voucher_id).redeemed == 1


def test_a_key_with_another_print_is_a_mismatch(take: Take, admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    take(member, voucher_id, "k", b"one")
    assert take(member, voucher_id, "k", b"other")[0] == "IDEMPOTENCY_MISMATCH"
    assert voucher_row(voucher_id).redeemed == 1


def test_a_key_that_is_held_is_in_progress(take: Take, admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    with books.holding_key(f"member:{books.member_id(member.id)}", "k"):
        assert take(member, voucher_id, "k")[0] == "IDEMPOTENCY_IN_PROGRESS"
    assert take(member, voucher_id, "k")[0] == "REDEEMED"


def test_a_key_older_than_a_day_starts_anew(take: Take, admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    take(member, voucher_id, "k")
    books.age_keys(timedelta(hours=24, seconds=1))
    assert take(member, voucher_id, "k")[2] == 2
    assert take(member, voucher_id, "k")[0] == "REPLAYED"


def test_the_limit_counts_the_members_pieces(take: Take, admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin, volume=9, redeemLimit=2)
    outcomes = [take(member, voucher_id)[0] for _ in range(3)]
    assert outcomes == ["REDEEMED", "REDEEMED", "VOUCHER_REDEEM_OVER_LIMIT"]


def test_no_piece_beyond_the_volume(take: Take, admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin, volume=2)
    outcomes = [take(member, voucher_id)[0] for _ in range(3)]
    assert outcomes == ["REDEEMED", "REDEEMED", "VOUCHER_REDEEM_OVER_VOLUME"]
    assert voucher_row(voucher_id).redeemed == 2


def test_points_must_suffice(
    take: Take, client: FlaskClient, settings: Settings, admin: Caller
) -> None:
    voucher_id = issue(admin, price=5)
    short, just = (make_member(client, settings, grant=points) for points in (149, 150))
    assert take(short, voucher_id)[0] == "VOUCHER_REDEEM_INSUFFICIENT_POINTS"
    assert take(just, voucher_id)[0] == "REDEEMED"
    assert (books.balance(short.id), books.balance(just.id)) == (149, 0)


def test_what_the_voucher_itself_forbids(take: Take, admin: Caller, member: Caller) -> None:
    later = clock.to_millis(clock.now()) + HOUR
    expected = {
        issue(admin, on=False): "VOUCHER_REDEEM_NOT_ON_STATUS",
        issue(admin, onStartDate=later): "VOUCHER_REDEEM_NOT_ON_STATUS",
        issue(
            admin, redeemStartDate=later, useStartDate=later
        ): "VOUCHER_REDEEM_NOT_IN_REDEEM_DATE",
        issue(admin, targetType="MEMBER"): "NOT_EXIST",
        str(uuid.uuid4()): "NOT_EXIST",
    }
    assert {voucher: take(member, voucher)[0] for voucher in expected} == expected


def test_an_unknown_member_has_no_points(take: Take, admin: Caller, work: RedeemWork) -> None:
    voucher_id = uuid.UUID(issue(admin))
    nobody = Wish(uuid.uuid4(), voucher_id, "nobody", None, b"")
    assert work.one(nobody)[0] == "VOUCHER_REDEEM_INSUFFICIENT_POINTS"
    assert work.many([nobody])[0][0] == "VOUCHER_REDEEM_INSUFFICIENT_POINTS"


def outcomes(answers: Sequence[Outcome]) -> list[tuple[str, int | None]]:
    return [(answer[0], answer[2]) for answer in answers]


def test_a_batch_deals_the_last_pieces_in_order(
    work: RedeemWork, client: FlaskClient, settings: Settings, admin: Caller
) -> None:
    voucher_id = issue(admin, volume=3)
    people = [make_member(client, settings, grant=0 if n == 1 else 1000) for n in range(6)]
    assert outcomes(work.many([wish(one, voucher_id) for one in people])) == [
        ("REDEEMED", 1),
        ("VOUCHER_REDEEM_INSUFFICIENT_POINTS", None),
        ("REDEEMED", 2),
        ("REDEEMED", 3),
        ("VOUCHER_REDEEM_OVER_VOLUME", None),
        ("VOUCHER_REDEEM_OVER_VOLUME", None),
    ]


def test_a_batch_serves_several_vouchers(
    work: RedeemWork, client: FlaskClient, settings: Settings, admin: Caller
) -> None:
    first, second = issue(admin), issue(admin, price=9)
    people = [make_member(client, settings) for _ in range(4)]
    vouchers = [first, second, first, second]
    pairs = zip(people, vouchers, strict=True)
    assert outcomes(work.many([wish(*pair) for pair in pairs])) == [
        ("REDEEMED", 1),
        ("REDEEMED", 1),
        ("REDEEMED", 2),
        ("REDEEMED", 2),
    ]
    assert [books.balance(one.id) for one in people] == [99_850, 99_730, 99_850, 99_730]


def test_a_batch_mixes_new_and_known_keys(
    work: RedeemWork, client: FlaskClient, settings: Settings, admin: Caller
) -> None:
    voucher_id = issue(admin)
    people = [make_member(client, settings) for _ in range(3)]
    wishes = [wish(one, voucher_id, "k") for one in people]
    work.one(wishes[1])
    assert outcomes(work.many(wishes)) == [("REDEEMED", 2), ("REPLAYED", 1), ("REDEEMED", 3)]
    assert outcomes(work.many(wishes)) == [("REPLAYED", 2), ("REPLAYED", 1), ("REPLAYED", 3)]
