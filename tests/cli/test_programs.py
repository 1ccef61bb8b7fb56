"""Every command once as a real program: one JSON object on stdout, the books right at the end."""

from pathlib import Path

import pytest

from tests.cli.conftest import Ran, Run

PHONE = "+886 912-345-678"


@pytest.fixture(scope="module")
def member(demo_load: Ran, quick_program: Run) -> str:
    words = ("--name", "王小明", "--phone", PHONE, "--json")
    answer = quick_program("members", "create", *words).answer
    assert set(answer) == {"id"}
    member_id: str = answer["id"]
    return member_id


def test_a_tenant_and_its_admin_are_created(demo_load: Ran, quick_program: Run) -> None:
    house = ("--name", "左營診所", "--type", "HOSPITAL", "--code", "ZUOYING", "--json")
    tenant = quick_program("tenants", "create", *house).answer
    assert tenant == {"id": tenant["id"], "code": "ZUOYING"}
    boss = ("--role", "tenant", "--tenant", tenant["id"], "--account", "Boss", "--password-stdin")
    admin = quick_program("admins", "create", *boss, "--json", stdin="four seals walk\n").answer
    again = quick_program("admins", "reset", "--account", "boss", "--json").answer
    assert admin == {"id": again["id"], "account": "boss"}
    assert len(again["password"]) >= 20


def test_a_member_gets_points_and_a_token(member: str, quick_program: Run) -> None:
    words = ("--member", member, "--points", "500", "--reason", "健康任務", "--json")
    granted = quick_program("points", "grant", *words).answer
    token = quick_program("members", "token", member, "--json").answer
    assert granted == {"memberId": member, "points": 500, "balance": 500}
    assert token == {"userToken": token["userToken"], "expiresIn": 86_400}


def test_members_are_imported(demo_load: Ran, quick_program: Run, tmp_path: Path) -> None:
    file = tmp_path / "members.csv"
    file.write_text("\ufeff姓名,電話\n陳怡君,0911222333\n林家豪,0922333444\n", "utf-8")
    assert quick_program("members", "import", str(file), "--json").answer == {"imported": 2}


def test_a_refused_program_prints_one_json_object(demo_load: Ran, quick_program: Run) -> None:
    refused = quick_program("demo", "load", "--json")
    assert (refused.code, list(refused.fields)) == (1, ["database"])
    assert "already holds" in refused.err


def test_the_books_are_right_with_all_of_it_in_them(member: str, program: Run) -> None:
    proved = program("books", "prove", "--json").answer
    assert proved["ok"] is True
    assert proved["checked"] > 50_000
