"""Members from a CSV file: read as a stream, written set-based, all or none (behaviour §10).

100,000 rows take a few seconds: each line is checked while it is copied into a temporary table,
and two statements make members and cards of them.
"""

import csv
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from psycopg import Connection, Cursor
from sqlalchemy import select

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.errors import Detail, Refusal, invalid, refuse
from voucherweb.models import PLATFORM_PROGRAMME, Tenant
from voucherweb.services import audit
from voucherweb.services.enrolling import read_person
from voucherweb.services.members import MAX_HOUSEHOLD_ID, Person
from voucherweb.services.tenants import real_tenants
from voucherweb.transaction import session

HEADERS: Final[Mapping[str, str]] = {
    **{name: name for name in ("id", "name", "gender", "birthday", "phone", "tenant")},
    "會員編號": "id",
    "姓名": "name",
    "性別": "gender",
    "生日": "birthday",
    "電話": "phone",
    "手機": "phone",
    "租戶": "tenant",
    "birthdate": "birthday",
    "phone_number": "phone",
    "householdmemberid": "id",
}
REQUIRED: Final = ("name", "phone")
FIELD_LIMIT: Final = 4096

_TABLE = """
CREATE TEMP TABLE new_members (
    line bigint, id uuid, household_member_id text, tenant_id uuid, name text, gender text,
    birthdate date, phone_number text
) ON COMMIT DROP
"""
_COPY = "COPY new_members FROM STDIN"
_REPEATED = """
SELECT line, first FROM (
    SELECT line, min(line) OVER (PARTITION BY household_member_id) AS first FROM new_members
) n WHERE line > first ORDER BY line
"""
_KNOWN = """
SELECT n.line FROM new_members n JOIN members m USING (household_member_id) ORDER BY n.line
"""
_MEMBERS = """
INSERT INTO members
    (id, household_member_id, tenant_id, name, gender, birthdate, phone_number, created_at)
SELECT id, household_member_id, tenant_id, name, gender, birthdate, phone_number, %s
FROM new_members ORDER BY line
ON CONFLICT (household_member_id) DO NOTHING
"""
_CARDS = """
INSERT INTO cards (member_id, programme_id, created_at)
SELECT id, %s, %s FROM new_members ORDER BY line
"""


def import_members(actor: Actor, lines: Iterable[str], today: date) -> int:
    """Create a member with 0 points for each line below the header; answers how many.

    Columns by name, in any order: name, phone; gender, birthday, tenant (an id) and id (the
    householdMemberId of the host app) may be missing or empty. Raises INVALID_PARAMETER whose
    details name every bad line by `line N`, or `line N.column`; then nothing was written.
    """
    reader = csv.reader(lines, strict=True)
    csv.field_size_limit(FIELD_LIMIT)
    columns = _read_header(reader)
    cursor = _cursor()
    with cursor:
        cursor.execute(_TABLE)
        problems = _copy(cursor, _rows(reader, columns), today)
        problems += _clashes(cursor)
        if problems:
            raise refuse("INVALID_PARAMETER", sorted(problems, key=_line_of))
        count = _insert(cursor)
    audit.record(actor, "member.import", "members", "csv", count=count)
    session.flush()
    return count


def _cursor() -> Cursor[Any]:
    driver = session.connection().connection.driver_connection
    if not isinstance(driver, Connection):
        raise TypeError("the unit of work has no database connection")
    return driver.cursor()


def _read_header(reader: Iterator[list[str]]) -> Sequence[str]:
    try:
        titles = next(reader, [])
    except (csv.Error, UnicodeDecodeError) as error:
        raise _unreadable(error) from error
    columns = [HEADERS.get(title.strip().removeprefix("\ufeff").casefold(), "") for title in titles]
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise invalid(
            "line 1",
            f"the header row lacks {', '.join(missing)}",
            f"標題列缺少 {'、'.join(missing)}",
        )
    unknown = [title for title, name in zip(titles, columns, strict=True) if not name]
    if unknown:
        raise invalid(
            "line 1",
            f"unknown columns: {', '.join(unknown)}",
            f"無法辨識的欄位：{'、'.join(unknown)}",
        )
    if len(set(columns)) < len(columns):
        raise invalid("line 1", "a column stands twice", "欄位重複")
    return columns


def _unreadable(error: Exception) -> Refusal:
    if isinstance(error, UnicodeDecodeError):
        return invalid(
            "file", "is not UTF-8: save it as “CSV UTF-8”", "不是 UTF-8：請另存為「CSV UTF-8」"
        )
    return invalid("file", f"is not a CSV file: {error}", f"不是 CSV 檔：{error}")


Row = tuple[int, dict[str, str] | None]
"""A line's number, and its texts by column, or None when it has another number of columns."""


def _rows(reader: Any, columns: Sequence[str]) -> Iterator[Row]:
    try:
        for texts in reader:
            if not any(text.strip() for text in texts):
                continue
            same = len(texts) == len(columns)
            yield reader.line_num, dict(zip(columns, texts, strict=True)) if same else None
    except (csv.Error, UnicodeDecodeError) as error:
        raise _unreadable(error) from error


def _copy(cursor: Cursor[Any], rows: Iterator[Row], today: date) -> list[Detail]:
    """Copy the good rows; the problems of the others."""
    tenants = set(session.scalars(select(Tenant.id).where(real_tenants())))
    problems: list[Detail] = []
    with cursor.copy(_COPY) as copy:
        for line, fields in rows:
            if fields is None:
                problems.append(
                    _problem(line, Detail("", "has another number of columns", "欄位數不符"))
                )
                continue
            person, wrong = read_person(fields, today, tenants.__contains__)
            household_id = fields.get("id", "").strip()
            wrong += _id_problems(household_id)
            problems += [_problem(line, one) for one in wrong]
            if not wrong:
                copy.write_row(_record(line, household_id, person))
    return problems


def _id_problems(household_id: str) -> list[Detail]:
    if len(household_id) > MAX_HOUSEHOLD_ID or not household_id.isprintable():
        most = MAX_HOUSEHOLD_ID
        return [
            Detail("id", f"must be text of at most {most} characters", f"須為 {most} 字以內的文字")
        ]
    return []


def _record(line: int, household_id: str, person: Person) -> tuple[object, ...]:
    return (
        line,
        uuid.uuid4(),
        household_id or str(uuid.uuid4()),
        person.tenant_id,
        person.name,
        person.gender,
        person.birthdate,
        person.phone_number,
    )


def _problem(line: int, detail: Detail) -> Detail:
    field = f"line {line}.{detail.field}" if detail.field else f"line {line}"
    return Detail(field, detail.en, detail.zh)


def _line_of(detail: Detail) -> int:
    return int(detail.field.removeprefix("line ").partition(".")[0])


def _clashes(cursor: Cursor[Any]) -> list[Detail]:
    repeated = cursor.execute(_REPEATED).fetchall()
    known = cursor.execute(_KNOWN).fetchall()
    return [
        Detail(f"line {line}.id", f"is the same as in line {first}", f"與第 {first} 行重複")
        for line, first in repeated
    ] + [
        Detail(f"line {line}.id", "is the id of a member already", "已是會員") for (line,) in known
    ]


def _insert(cursor: Cursor[Any]) -> int:
    now = clock.now()
    cursor.execute("ANALYZE new_members")
    expected = cursor.execute("SELECT count(*) FROM new_members").fetchone()
    made = cursor.execute(_MEMBERS, [now]).rowcount
    if expected is None or made != expected[0]:
        # A rival made one of these members between our look and our write.
        raise invalid(
            "file", "some of its members were just created; try again", "部分會員剛被建立，請重試"
        )
    cursor.execute(_CARDS, [PLATFORM_PROGRAMME, now])
    return made
