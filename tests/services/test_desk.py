"""A desk writes a piece off exactly once, and a tenant's admin can take that back."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from tests.support import books
from tests.support.cast import Caller, issue, make_member
from tests.support.desks import actor_of, make_clerk, member_actor, take_piece
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import PageRequest
from voucherweb.domain.scanning import read_user_voucher_no
from voucherweb.errors import Refusal
from voucherweb.models import AuditEntry
from voucherweb.services import desk, desk_records
from voucherweb.services.desk import Verdict
from voucherweb.services.proof import prove
from voucherweb.transaction import session, unit_of_work

NUMBER = "M00001012022022200100001"
PAGE = PageRequest(1, 10, "at", descending=True)


@pytest.fixture
def clerk(tenant_id: str) -> Actor:
    return make_clerk(tenant_id)


@pytest.fixture
def voucher(admin: Caller) -> str:
    return issue(admin)


@pytest.fixture
def piece(member: Caller, voucher: str) -> tuple[uuid.UUID, str]:
    return take_piece(member, voucher)


def look_up(actor: Actor, scanned: str) -> desk.Found:
    with unit_of_work():
        return desk.look_up(actor, scanned)


def write_off(
    actor: Actor, settings: Settings, piece: uuid.UUID | str, key: str | None = None
) -> desk_records.Receipt:
    with unit_of_work():
        return desk.write_off(actor, piece, settings.timezone, key)


def undo(actor: Actor, id_: int, reason: str = "誤按") -> desk_records.Receipt:
    with unit_of_work():
        return desk.undo(actor, id_, reason)


def counts() -> tuple[int, int, int, int]:
    """Used pieces by the rows, the cells and the days, and write-offs that stand."""
    with unit_of_work():
        row = session.execute(
            text(
                "SELECT (SELECT count(used_at) FROM redemptions),"
                " (SELECT coalesce(sum(used), 0) FROM voucher_cells),"
                " (SELECT coalesce(sum(used), 0) FROM voucher_days),"
                " (SELECT count(*) FROM write_offs WHERE undone_at IS NULL)"
            )
        ).one()
        return int(row[0]), int(row[1]), int(row[2]), int(row[3])


def refused(code: str, act: Callable[[], Any]) -> None:
    """The act is refused with this code and changes nothing."""
    before = counts()
    with pytest.raises(Refusal) as refusal:
        act()
    assert refusal.value.error.code.endswith(code)
    assert counts() == before


@pytest.mark.parametrize(
    "typed",
    [
        NUMBER,
        "m00001 01 20220222 001 00001",
        "M00001-01-20220222-001-00001\r\n",
        "\uff2d\uff10\uff10\uff10\uff10\uff11\u3000" + NUMBER[6:],
        f"health365://user-voucher?userVoucherNo={NUMBER}",
        f"https://app.example.test/v/{NUMBER}",
        f"\u200b{NUMBER}\u200b",
    ],
    ids=["plain", "spaced", "dashed", "full-width", "qr", "address", "unseen"],
)
def test_a_number_is_read_however_it_comes(typed: str) -> None:
    assert read_user_voucher_no(typed) == (NUMBER[:19], 1)


@pytest.mark.parametrize(
    "typed",
    ["", "M0000101", f"X{NUMBER}", f"{NUMBER}1", f"{NUMBER}?", f"{NUMBER[:-1]}X", "x" * 600],
    ids=["empty", "short", "before", "longer", "after", "letter", "flood"],
)
def test_what_holds_no_number_is_none(typed: str) -> None:
    assert read_user_voucher_no(typed) is None


def test_a_good_piece_is_told_with_its_member_masked(
    clerk: Actor, piece: tuple[uuid.UUID, str]
) -> None:
    found = look_up(clerk, piece[1].lower())
    assert found.verdict is Verdict.GOOD
    assert found.piece
    assert (found.piece.redemption_id, found.piece.seq, found.piece.use) == (piece[0], 1, None)
    assert found.piece.title == "CITY CAFE 中杯拿鐵"
    assert found.piece.member_name == "王○明"


def test_a_used_piece_tells_when_where_and_by_whom(
    clerk: Actor, settings: Settings, piece: tuple[uuid.UUID, str]
) -> None:
    receipt = write_off(clerk, settings, piece[0])
    found = look_up(clerk, piece[1])
    assert found.verdict is Verdict.USED
    assert found.piece
    assert found.piece.use == desk.Use(receipt.at, receipt.id, "一樓櫃台", clerk.id, "林小姐")
    assert not found.piece.use.by_member


def test_a_piece_that_the_member_used_tells_so(
    clerk: Actor, member: Caller, piece: tuple[uuid.UUID, str]
) -> None:
    member.data("/voucher/use", {"id": str(piece[0])})
    found = look_up(clerk, piece[1])
    assert found.verdict is Verdict.USED
    assert found.piece
    assert found.piece.use
    assert found.piece.use.by_member


@pytest.mark.parametrize(
    ("shift", "verdict", "code"),
    [
        (-timedelta(days=9), Verdict.EXPIRED, "VOUCHER_USE_EXPIRED"),
        (timedelta(hours=9), Verdict.NOT_YET, "VOUCHER_USE_NOT_STARTED"),
    ],
    ids=["over", "early"],
)
def test_outside_its_window_a_piece_is_told_and_not_written_off(
    clerk: Actor,
    settings: Settings,
    voucher: str,
    piece: tuple[uuid.UUID, str],
    shift: timedelta,
    verdict: Verdict,
    code: str,
) -> None:
    starts, ends = clock.now() + shift, clock.now() + shift + timedelta(hours=1)
    windows = {f"{name}_start": starts for name in ("redeem", "use", "on")}
    windows |= {f"{name}_end": ends for name in ("redeem", "use", "on")}
    books.change_voucher(voucher, **windows)
    assert look_up(clerk, piece[1]).verdict is verdict
    refused(code, lambda: write_off(clerk, settings, piece[0]))


def test_another_tenants_piece_and_an_unknown_one_look_alike(
    stranger: Caller, settings: Settings, piece: tuple[uuid.UUID, str]
) -> None:
    other = make_clerk(stranger.tenant_id)
    unknown = piece[1][:-1] + "9"
    assert look_up(other, piece[1]) == look_up(other, unknown) == desk.Found(Verdict.NOT_OURS)
    for named in (*piece, unknown, uuid.uuid4(), "nothing"):
        refused("NOT_EXIST", lambda named=named: write_off(other, settings, named))


def test_platform_admins_and_members_have_no_desk(
    platform: Caller, member: Caller, settings: Settings, piece: tuple[uuid.UUID, str]
) -> None:
    for nobody in (actor_of(platform), member_actor(member)):
        refused("FORBIDDEN", lambda who=nobody: look_up(who, piece[1]))
        refused("FORBIDDEN", lambda who=nobody: write_off(who, settings, piece[0]))
        refused("FORBIDDEN", lambda who=nobody: undo(who, 1))


def test_a_write_off_counts_once_in_the_rows_cells_days_and_log(
    clerk: Actor, settings: Settings, piece: tuple[uuid.UUID, str]
) -> None:
    receipt = write_off(clerk, settings, piece[1])
    assert (receipt.number, receipt.by, receipt.undone_at) == (piece[1], "林小姐", None)
    assert counts() == (1, 1, 1, 1)
    with unit_of_work():
        logged = select(func.count()).where(AuditEntry.action == "desk.write_off")
        assert session.scalar(logged) == 1
    assert prove().ok


def test_the_same_key_answers_the_same_receipt(
    clerk: Actor, settings: Settings, piece: tuple[uuid.UUID, str]
) -> None:
    first = write_off(clerk, settings, piece[0], "k")
    assert write_off(clerk, settings, piece[1], "k") == first
    refused("VOUCHER_USE_HAD_USED", lambda: write_off(clerk, settings, piece[0], "another"))
    refused("VOUCHER_USE_HAD_USED", lambda: write_off(clerk, settings, piece[0]))


def test_a_key_is_for_one_piece(
    clerk: Actor, member: Caller, settings: Settings, voucher: str, piece: tuple[uuid.UUID, str]
) -> None:
    write_off(clerk, settings, piece[0], "k")
    other, _ = take_piece(member, voucher)
    refused("IDEMPOTENCY_MISMATCH", lambda: write_off(clerk, settings, other, "k"))
    refused("INVALID_PARAMETER", lambda: write_off(clerk, settings, other, "k" * 256))


def test_a_desk_cannot_use_what_the_member_used(
    clerk: Actor, member: Caller, settings: Settings, piece: tuple[uuid.UUID, str]
) -> None:
    member.data("/voucher/use", {"id": str(piece[0])})
    refused("VOUCHER_USE_HAD_USED", lambda: write_off(clerk, settings, piece[0]))


def test_an_undone_write_off_leaves_no_trace_in_the_counts(
    admin: Caller, clerk: Actor, member: Caller, settings: Settings, piece: tuple[uuid.UUID, str]
) -> None:
    receipt = write_off(clerk, settings, piece[0])
    books.change_person(member.id, gender="M")  # It counts in the group of the moment of use.
    undone = undo(actor_of(admin), receipt.id, " 誤按 ")
    assert (undone.undo_reason, undone.id) == ("誤按", receipt.id)
    assert undone.undone_by
    assert counts() == (0, 0, 0, 0)
    assert prove().ok
    assert look_up(clerk, piece[1]).verdict is Verdict.GOOD


def test_after_an_undo_the_piece_can_be_written_off_again(
    admin: Caller, clerk: Actor, settings: Settings, piece: tuple[uuid.UUID, str]
) -> None:
    first = write_off(clerk, settings, piece[0], "k")
    undo(actor_of(admin), first.id)
    again = write_off(clerk, settings, piece[0], "k2")
    assert again.id != first.id
    assert write_off(clerk, settings, piece[0], "k").undone_at
    assert counts() == (1, 1, 1, 1)
    assert prove().ok


def test_an_undo_takes_from_the_day_of_the_use_whatever_day_and_zone_it_is_by_then(
    admin: Caller, clerk: Actor, piece: tuple[uuid.UUID, str]
) -> None:
    with unit_of_work():  # On the islands of Kiritimati it is a day later than on Niue.
        receipt = desk.write_off(clerk, piece[0], ZoneInfo("Pacific/Kiritimati"))
    use_there = clock.local_date(receipt.at, ZoneInfo("Pacific/Kiritimati"))
    assert use_there != clock.local_date(receipt.at, ZoneInfo("Pacific/Niue"))
    with unit_of_work():
        assert desk.day_list(clerk, use_there, PAGE).total == 1
    with clock.frozen(clock.now() + timedelta(days=1)):
        undo(actor_of(admin), receipt.id)
    assert counts() == (0, 0, 0, 0)
    assert prove().ok


@pytest.mark.parametrize(
    "reason", ["", "  ", "長" * 201, "a\nb"], ids=["no", "blank", "long", "line"]
)
def test_an_undo_needs_a_reason(
    admin: Caller, clerk: Actor, settings: Settings, piece: tuple[uuid.UUID, str], reason: str
) -> None:
    receipt = write_off(clerk, settings, piece[0])
    refused("INVALID_PARAMETER", lambda: undo(actor_of(admin), receipt.id, reason))


def test_only_admins_of_the_tenant_undo_and_only_once(
    admin: Caller,
    stranger: Caller,
    clerk: Actor,
    settings: Settings,
    piece: tuple[uuid.UUID, str],
) -> None:
    receipt = write_off(clerk, settings, piece[0])
    refused("FORBIDDEN", lambda: undo(clerk, receipt.id))
    refused("NOT_EXIST", lambda: undo(actor_of(stranger), receipt.id))
    refused("NOT_EXIST", lambda: undo(actor_of(admin), 2**70))
    undo(actor_of(admin), receipt.id)
    refused("INVALID_PARAMETER", lambda: undo(actor_of(admin), receipt.id))


def test_the_days_list_shows_clerks_their_own_and_the_admin_all_with_totals(
    client: FlaskClient, settings: Settings, admin: Caller, clerk: Actor, voucher: str
) -> None:
    colleague = make_clerk(admin.tenant_id, "陳先生", "二樓櫃台")
    member = make_member(client, settings)
    for who in (clerk, clerk, colleague):
        last = write_off(who, settings, take_piece(member, voucher)[0])
    undo(actor_of(admin), last.id)
    today = clock.local_date(clock.now(), settings.timezone)
    with unit_of_work():
        own = desk.day_list(clerk, today, PAGE)
        every = desk.day_list(actor_of(admin), today, PAGE)
        one = desk.day_list(actor_of(admin), today, PAGE, colleague.id)
        spying = desk.day_list(clerk, today, PAGE, colleague.id)
        other = desk.day_list(clerk, today - timedelta(days=1), PAGE)
    assert [total.by for total in own.clerks] == ["林小姐"]
    assert {(t.by, t.written_off, t.undone) for t in every.clerks} == {
        *{("林小姐", 2, 0), ("陳先生", 0, 1)}
    }
    assert [len(x.receipts) for x in (own, every, one, spying, other)] == [2, 3, 1, 0, 0]
    assert (every.total, every.receipts[0].id) == (3, last.id)


def test_the_days_list_costs_the_same_for_every_length(
    client: FlaskClient, settings: Settings, admin: Caller, clerk: Actor, voucher: str
) -> None:
    member = make_member(client, settings)
    today = clock.local_date(clock.now(), settings.timezone)
    for _ in range(2):
        for _ in range(3):
            write_off(clerk, settings, take_piece(member, voucher)[0])
        with books.statements() as seen, unit_of_work():
            desk.day_list(actor_of(admin), today, PAGE)
        assert len(seen) == 3


def test_a_receipt_is_read_by_its_clerk_and_the_tenants_admins(
    admin: Caller,
    stranger: Caller,
    clerk: Actor,
    settings: Settings,
    piece: tuple[uuid.UUID, str],
) -> None:
    written = write_off(clerk, settings, piece[0])
    with unit_of_work():
        assert desk.receipt(clerk, written.id) == written
        assert desk.receipt(actor_of(admin), written.id) == written
    colleague = make_clerk(admin.tenant_id)
    for other in (colleague, actor_of(stranger)):
        refused("NOT_EXIST", lambda who=other: desk.receipt(who, written.id))
