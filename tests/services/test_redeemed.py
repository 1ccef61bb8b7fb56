"""A tenant sees who took the pieces of its vouchers, with masks, and where they were used."""

import uuid
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from tests.support import books
from tests.support.cast import Caller, issue, make_member
from tests.support.desks import actor_of, make_clerk, member_actor, take_piece
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import RedemptionStatus
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import Refusal
from voucherweb.services import desk, piece_pages, redeemed
from voucherweb.services.redeemed import RedeemedPiece
from voucherweb.transaction import unit_of_work

PAGE = PageRequest(1, 10, "seq", descending=False)
VALID, USED = RedemptionStatus.VALID, RedemptionStatus.USED


def pieces(
    actor: Actor,
    voucher: str,
    status: RedemptionStatus | None = None,
    asked: PageRequest = PAGE,
) -> tuple[list[RedeemedPiece], int]:
    with unit_of_work():
        return redeemed.pieces(actor, uuid.UUID(voucher), asked, status)


@pytest.fixture
def voucher(admin: Caller, member: Caller, settings: Settings) -> str:
    """Three pieces: written off at a desk, used by the member, and unused."""
    voucher = issue(admin)
    books.change_person(member.id, phone_number="0912345678")
    taken = [take_piece(member, voucher)[0] for _ in range(3)]
    clerk = make_clerk(admin.tenant_id)
    with unit_of_work():
        desk.write_off(clerk, taken[0], settings.timezone)
    member.data("/voucher/use", {"id": str(taken[1])})
    return voucher


def test_pieces_tell_who_took_and_who_used_them(admin: Caller, voucher: str) -> None:
    found, total = pieces(actor_of(admin), voucher)
    at_desk, by_member, unused = found
    assert (total, [one.seq for one in found]) == (3, [1, 2, 3])
    assert (at_desk.desk, at_desk.by, bool(at_desk.write_off_id)) == ("一樓櫃台", "林小姐", True)
    assert (by_member.write_off_id, bool(by_member.used_at)) == (None, True)
    assert unused.used_at is None
    assert (unused.member_name, unused.member_phone) == ("王○明", "09**-***-678")
    assert unused.number.endswith("00003")


@pytest.mark.parametrize(("status", "seqs"), [(VALID, [3]), (USED, [1, 2])], ids=["valid", "used"])
def test_the_status_narrows_the_list(
    admin: Caller, voucher: str, status: RedemptionStatus, seqs: list[int]
) -> None:
    found, total = pieces(actor_of(admin), voucher, status)
    assert ([one.seq for one in found], total) == (seqs, len(seqs))


@pytest.mark.parametrize("name", sorted(redeemed.SORT))
def test_pages_follow_each_other_in_every_order(admin: Caller, voucher: str, name: str) -> None:
    seen = []
    for number in (1, 2, 3, 4):
        found, total = pieces(
            actor_of(admin), voucher, asked=PageRequest(number, 1, name, descending=True)
        )
        assert total == 3
        seen += [one.seq for one in found]
    assert sorted(seen) == [1, 2, 3]


def test_others_see_nothing(
    admin: Caller, stranger: Caller, platform: Caller, member: Caller, voucher: str
) -> None:
    assert pieces(actor_of(platform), voucher)[1] == 3
    for who, code in (
        (actor_of(stranger), "NOT_EXIST"),
        (make_clerk(admin.tenant_id), "FORBIDDEN"),
        (member_actor(member), "FORBIDDEN"),
    ):
        with pytest.raises(Refusal) as refusal:
            pieces(who, voucher)
        assert refusal.value.error.code == f"API_ERROR.{code}"


def test_a_page_costs_the_same_for_every_length(
    client: FlaskClient, settings: Settings, admin: Caller, voucher: str
) -> None:
    for _ in range(2):
        take_piece(make_member(client, settings), voucher)
        with books.statements() as seen:
            pieces(actor_of(admin), voucher)
        assert len(seen) == 2
    assert "redemptions.seq <=" in seen[-1], "no page skips over others"


@pytest.mark.parametrize("many", [1, 5000], ids=["bounded", "sorted"])
@pytest.mark.parametrize("status", [None, VALID, USED])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", sorted(redeemed.SORT))
def test_every_page_is_that_of_the_whole_list_in_order(
    client: FlaskClient,
    settings: Settings,
    admin: Caller,
    name: str,
    descending: bool,
    status: RedemptionStatus | None,
    many: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(piece_pages, "MANY", many)
    monkeypatch.setattr(piece_pages, "LOOKED_AT", 1)
    monkeypatch.setattr(piece_pages, "NEAR", 4)
    voucher = issue(admin, volume=20)
    person = make_member(client, settings)
    start = clock.now()
    for number in range(11):
        with clock.frozen(start + timedelta(seconds=number * 7 % 5)):
            piece = take_piece(person, voucher)[0]
            if number % 3:
                person.data("/voucher/use", {"id": str(piece)})
    every = PageRequest(1, -1, "seq", descending=False)
    listed, total = pieces(actor_of(admin), voucher, status, every)
    keys = {"seq": lambda one: one.seq, "redeemedAt": lambda one: one.redeemed_at}
    # The database puts what is missing behind everything.
    last = start + timedelta(days=1)
    key = keys.get(name, lambda one: one.used_at or last)
    wanted = sorted(listed, key=key, reverse=descending)
    assert (len(listed), [one.seq for one in listed]) == (total, sorted(x.seq for x in listed))
    for size in (1, 2, 3, 4, 20):
        told = []
        for page in range(1, total // size + 3):
            asked = PageRequest(page, size, name, descending=descending)
            told.append(pieces(actor_of(admin), voucher, status, asked))
        assert [one for found, _ in told for one in found] == wanted
        assert {count for _, count in told} == {total}


@pytest.mark.parametrize("status", [None, VALID, USED])
def test_only_pieces_within_a_bound_are_sorted_when_there_are_many(
    monkeypatch: pytest.MonkeyPatch,
    admin: Caller,
    voucher: str,
    status: RedemptionStatus | None,
) -> None:
    monkeypatch.setattr(piece_pages, "MANY", 3)
    for descending, passed in ((False, "<="), (True, ">=")):
        asked = PageRequest(1, 1, "redeemedAt", descending=descending)
        with books.statements() as seen:
            pieces(actor_of(admin), voucher, status, asked)
        assert "redemptions.seq = ANY" in seen[-2]
        assert f"redemptions.redeemed_at {passed}" in seen[-1]
