"""The platform finds members by id, phone or name, and reads their statements."""

import uuid

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.support import books
from tests.support.cast import Caller, issue, make_member
from tests.support.desks import actor_of, make_clerk, member_actor, take_piece
from voucherweb.config import Settings
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import Refusal
from voucherweb.services import member_search, points
from voucherweb.services.member_search import FoundMember
from voucherweb.transaction import session, unit_of_work

PAGE = PageRequest(1, 10, "createTime", descending=True)
STATEMENT = PageRequest(1, 10, "seq", descending=True)


def search(typed: str) -> list[FoundMember]:
    with unit_of_work():
        found, total = member_search.search(OPERATOR, typed, PAGE)
    assert total == len(found)
    return found


@pytest.fixture
def wanted(client: FlaskClient, settings: Settings, tenant_id: str) -> Caller:
    """陳大文 among others."""
    for _ in range(3):
        make_member(client, settings)
    member = make_member(client, settings, grant=700, tenant_id=tenant_id)
    books.change_person(member.id, name="陳大文 Ted", phone_number="0912345678")
    return member


@pytest.mark.parametrize(
    "typed",
    ["陳大", "ted", "0912", "0912-345 678", "0912345678", " 大文 "],
    ids=["name", "case", "beginning", "dashes", "phone", "spaces"],
)
def test_a_member_is_found_by_name_and_phone(wanted: Caller, typed: str) -> None:
    (found,) = search(typed)
    assert found.household_member_id == wanted.id
    assert (found.tenant_name, found.balance) == ("小港醫院", 700)


def test_a_member_is_found_by_either_id(wanted: Caller) -> None:
    for typed in (wanted.id, str(books.member_id(wanted.id))):
        assert [one.household_member_id for one in search(typed)] == [wanted.id]


@pytest.mark.parametrize(
    ("typed", "found"),
    [("0999", ["0999000000", "0999999999"]), ("+8869", ["+886999999999"]), ("9999", [])],
)
def test_a_beginning_of_a_phone_number_finds_no_neighbour(
    client: FlaskClient, typed: str, found: list[str]
) -> None:
    near = ["0998999999", "0999000000", "0999999999", "099", "1000000000", "+887", "+886999999999"]
    with unit_of_work():
        session.execute(
            text("INSERT INTO members (phone_number) SELECT unnest(CAST(:near AS text[]))"),
            {"near": near},
        )
    assert sorted(str(one.phone_number) for one in search(typed)) == found


@pytest.mark.parametrize(
    "typed", ["091", "%", "_", "345678", str(uuid.UUID(int=9)), "\0\ud800x", "x" * 9999]
)
def test_what_names_nobody_finds_nobody(wanted: Caller, typed: str) -> None:
    assert search(typed) == []


def test_an_empty_text_lists_the_newest_first_in_pages(wanted: Caller) -> None:
    assert len(search("  ")) == 4
    assert search("")[0].household_member_id == wanted.id
    with unit_of_work():
        page = PageRequest(2, 3, "balance", descending=True)
        found, total = member_search.search(OPERATOR, "", page)
    assert ([one.balance for one in found], total) == ([700], 4)


def test_a_search_goes_no_further_than_a_thousand(client: FlaskClient) -> None:
    with unit_of_work():
        session.execute(
            text("INSERT INTO members (name) SELECT '林' || n FROM generate_series(1, 1005) n")
        )
        found, total = member_search.search(OPERATOR, "林", PageRequest(100, 10, "name", False))
    assert (len(found), total) == (10, 1000)


def test_a_search_costs_the_same_for_every_length(wanted: Caller) -> None:
    for typed, statements in (("王", 3), ("陳", 3), ("nobody", 3), ("", 2)):
        with books.statements() as seen:
            search(typed)
        assert len(seen) == statements


NAMES = (
    "王小明",
    "歐陽小明",
    "Ann Chen",
    "ANNA",
    "o'Brien",
    "100% 王",
    "a_b",
    "𠮷野家",
    "王",
    " ",
    "é",
)
PARTS = (
    "王",
    "小明",
    "明",
    "ann",
    "ANN C",
    "n",
    "'b",
    "%",
    "_",
    "\\",
    "𠮷",
    "野家",
    "É",
    "王小明x",
    "nn",
)


@pytest.mark.parametrize("by", ["the index", "the newest"])
def test_both_ways_of_looking_for_a_name_find_the_same(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    with unit_of_work():
        session.execute(
            text("INSERT INTO members (name) SELECT unnest(CAST(:names AS text[]))"),
            {"names": list(NAMES)},
        )
    for part in PARTS:
        wanted = {name for name in NAMES if part.lower() in name.lower()}
        # When the newest members fill all that can be shown, nobody looks further.
        most = len(wanted) if by == "the newest" and wanted else 1000
        monkeypatch.setattr(member_search, "MOST_FOUND", most)
        with books.statements() as seen:
            assert {one.name for one in search_all(part)} == wanted, part
        asked = any("search_grams" in one for one in seen)
        assert asked is (by == "the index" or not wanted), part


def search_all(part: str) -> list[FoundMember]:
    with unit_of_work():
        page = PageRequest(1, 100, "createTime", descending=True)
        return member_search.search(OPERATOR, part, page)[0]


def test_only_the_platform_looks_for_members(admin: Caller, member: Caller, wanted: Caller) -> None:
    someone = books.member_id(wanted.id)
    for other in (actor_of(admin), make_clerk(admin.tenant_id), member_actor(member)):
        for act in (
            lambda who=other: member_search.search(who, "", PAGE),
            lambda who=other: member_search.get_member(who, someone),
            lambda who=other: member_search.statement_page(who, someone, STATEMENT),
        ):
            with pytest.raises(Refusal) as refusal, unit_of_work():
                act()
            assert refusal.value.error.code == "API_ERROR.FORBIDDEN"


def test_an_unknown_member_does_not_exist(client: FlaskClient) -> None:
    for unknown in (None, uuid.uuid4()):
        with pytest.raises(Refusal) as refusal, unit_of_work():
            member_search.get_member(OPERATOR, unknown)
        assert refusal.value.error.code == "API_ERROR.NOT_EXIST"


def test_a_statement_tells_what_for_and_by_whom(admin: Caller, wanted: Caller) -> None:
    piece, number = take_piece(wanted, issue(admin))
    with unit_of_work():
        lines, total = member_search.statement_page(OPERATOR, books.member_id(wanted.id), STATEMENT)
    paid, given = lines
    assert (total, paid.kind, paid.points, paid.balance_after) == (2, "REDEEM", -150, 550)
    assert (paid.redemption_id, paid.number) == (piece, number)
    assert (paid.voucher_title, paid.actor_name) == ("CITY CAFE 中杯拿鐵", "陳○○ ○○d")
    assert (given.seq, given.points, given.number, given.reason) == (1, 700, None, "test")
    assert given.actor_name == "主機操作員"


def test_a_statement_is_paged_at_a_constant_cost(wanted: Caller) -> None:
    member = books.member_id(wanted.id)
    for length in (6, 11):
        with unit_of_work():
            for _ in range(5):
                points.grant(OPERATOR, member, 1)
        with books.statements() as seen, unit_of_work():
            asked = PageRequest(2, 5, "seq", descending=True)
            lines, total = member_search.statement_page(OPERATOR, member, asked)
        assert [one.seq for one in lines] == list(range(length - 5, max(0, length - 10), -1))
        assert (total, len(seen)) == (length, 5)
