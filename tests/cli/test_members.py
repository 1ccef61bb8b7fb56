"""`members create`, `members import`, `members token`, `points grant`."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.cli.conftest import Ran, Run
from tests.support.cast import make_tenant
from tests.support.errands import count
from voucherweb.domain.enums import Role
from voucherweb.models import AuditEntry, Card, Member, PointsEntry
from voucherweb.services import identity, members
from voucherweb.transaction import session, unit_of_work


def member_row(household_id: str) -> dict[str, Any]:
    with unit_of_work():
        found = members.find_member(household_id)
        assert found is not None
        names = ("name", "gender", "birthdate", "phone_number", "tenant_id")
        return {name: getattr(found, name) for name in names}


def import_text(run: Run, folder: Path, content: str | bytes) -> Ran:
    file = folder / "members.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return run("members", "import", str(file), "--json")


def test_a_member_is_kept_as_told(run: Run, tenant_id: str) -> None:
    words = (
        "--name",
        " 王小明 ",
        "--gender",
        "m",
        "--birthday",
        "1985-05-20",
        "--tenant",
        tenant_id,
    )
    member = run("members", "create", *words, "--phone", "+886 (912) 345-678", "--json").answer
    row = member_row(member["id"])
    assert (row["name"], row["gender"], str(row["birthdate"])) == ("王小明", "M", "1985-05-20")
    assert (row["phone_number"], str(row["tenant_id"])) == ("+886912345678", tenant_id)


def test_what_is_not_told_is_unknown(run: Run) -> None:
    member = run("members", "create", "--name", "A", "--phone", "0912345", "--json").answer
    row = member_row(member["id"])
    assert (row["gender"], row["birthdate"], row["tenant_id"]) == ("U", None, None)


def test_every_wrong_field_is_named_and_nothing_written(run: Run) -> None:
    words = ("--name", "", "--gender", "X", "--birthday", "2999-01-01", "--phone", "12345")
    ran = run("members", "create", *words, "--tenant", str(uuid.uuid4()), "--json")
    assert set(ran.fields) == {"name", "gender", "birthday", "phone", "tenant"}
    assert count(Member) == 0


def test_a_token_speaks_for_the_member(run: Run, app: Flask) -> None:
    member = run("members", "create", "--name", "A", "--phone", "0912345678", "--json").answer
    token = run("members", "token", member["id"], "--json").answer["userToken"]
    actor = identity.authenticate(app.extensions["settings"], token)
    assert (actor.role, actor.household_id) == (Role.MEMBER, member["id"])


def test_points_add_up_and_say_why(run: Run) -> None:
    member = run("members", "create", "--name", "A", "--phone", "0912345678", "--json").answer["id"]
    words = ("points", "grant", "--member", member, "--json")
    balances = [run(*words, "--points", n).answer["balance"] for n in ("100", "50")]
    run(*words, "--points", "1", "--reason", "健康任務")
    assert balances == [100, 150]
    with unit_of_work():
        assert set(session.scalars(select(PointsEntry.reason))) == {None, "健康任務"}


@pytest.mark.parametrize("points", ["0", "-5", "1000000001"])
def test_points_out_of_range_are_refused(run: Run, points: str) -> None:
    member = run("members", "create", "--name", "A", "--phone", "0912345678", "--json").answer["id"]
    ran = run("points", "grant", "--member", member, f"--points={points}", "--json")
    assert set(ran.fields) == {"points"}
    assert count(PointsEntry) == 0


@pytest.mark.parametrize("member", ["nobody", "a\0b", "\udce4", ""])
def test_points_for_an_unknown_member_are_refused(run: Run, member: str) -> None:
    ran = run("points", "grant", "--member", member, "--points", "5", "--json")
    assert ran.error["code"] == "API_ERROR.NOT_EXIST"


def test_an_import_reads_columns_by_name_in_any_order(run: Run, tmp_path: Path) -> None:
    tenant = make_tenant()
    text = (
        "\ufeff電話,姓名,id,生日,性別,租戶\r\n"
        f'0912-345-678,"陳,怡君",host-1,1990/1/2,女,{tenant}\r\n'
        ",,,,,\r\n"
        "+1 202 555 0100,Lee,,,,\r\n"
    )
    assert import_text(run, tmp_path, text).answer == {"imported": 2}
    row = member_row("host-1")
    assert (row["name"], row["gender"], str(row["birthdate"])) == ("陳,怡君", "F", "1990-01-02")
    assert (row["phone_number"], str(row["tenant_id"])) == ("0912345678", tenant)
    assert count(Card) == 2


def test_an_import_names_every_bad_line_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    run("members", "create", "--name", "A", "--phone", "0912345678")
    text = (
        "name,phone,gender,birthday,tenant,id\n"
        "好,0912345678,F,1990-01-01,,x\n"
        ",0912,Q,1990-13-01,nobody,\n"
        "短\n"
        "重複,0912345678,,,,x\n"
    )
    fields = import_text(run, tmp_path, text).fields
    assert list(fields) == [
        *("line 3.name", "line 3.gender", "line 3.birthday", "line 3.phone", "line 3.tenant"),
        *("line 4", "line 5.id"),
    ]
    assert fields["line 5.id"] == "is the same as in line 2"
    assert (count(Member), count(Card)) == (1, 1)


def test_an_import_refuses_members_that_are_there(run: Run, tmp_path: Path) -> None:
    text = "name,phone,id\nA,0912345678,x\n"
    import_text(run, tmp_path, text)
    assert import_text(run, tmp_path, text).fields == {"line 2.id": "is the id of a member already"}


@pytest.mark.parametrize(
    ("content", "field", "reason"),
    [
        ("", "line 1", "lacks name, phone"),
        ("name\nA\n", "line 1", "lacks phone"),
        ("name,phone,colour\n", "line 1", "unknown columns: colour"),
        ("name,phone,name\n", "line 1", "twice"),
        ("name,phone\n王小明,0912345678\n".encode("big5"), "file", "not UTF-8"),
        ('name,phone\n"A,0912345678\n', "file", "not a CSV"),
        (f"name,phone\n{'A' * 5000},0912345678\n", "file", "not a CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_why(
    run: Run, tmp_path: Path, content: str | bytes, field: str, reason: str
) -> None:
    fields = import_text(run, tmp_path, content).fields
    assert reason in fields[field]
    assert count(Member) == 0


def test_an_empty_import_is_no_failure(run: Run, tmp_path: Path) -> None:
    assert import_text(run, tmp_path, "name,phone\n").answer == {"imported": 0}


def test_an_import_is_one_line_of_the_audit_log(run: Run, tmp_path: Path) -> None:
    import_text(run, tmp_path, "name,phone\n" + "A,0912345678\n" * 300)
    with unit_of_work():
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.action, entry.data) == ("member.import", {"count": 300})
