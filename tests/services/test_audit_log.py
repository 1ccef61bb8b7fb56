"""The audit log is read newest first, each caller what is his, and every deed has a name."""

import ast
import re
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.support import books
from tests.support.cast import Caller, issue
from tests.support.desks import actor_of, make_clerk, member_actor
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR, Actor
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import Refusal
from voucherweb.services import audit, audit_log
from voucherweb.services.audit_log import ACTION_LABELS, KIND_LABELS, AuditFilter, Entry
from voucherweb.transaction import unit_of_work

PACKAGE = Path(__file__).resolve().parents[2] / "voucherweb"
PAGE = PageRequest(1, 100, "id", descending=True)
Listed = tuple[list[Entry], int]


def entries(
    actor: Actor, settings: Settings, asked: PageRequest = PAGE, /, **wanted: object
) -> Listed:
    with unit_of_work():
        chosen = AuditFilter(**wanted)  # type: ignore[arg-type]
        return audit_log.list_entries(actor, chosen, asked, settings.timezone)


def write(actor: Actor, count: int, action: str = "voucher.update") -> None:
    with unit_of_work():
        for _ in range(count):
            audit.record(actor, action, "voucher", uuid.uuid4())


def test_the_newest_comes_first_with_names(admin: Caller, settings: Settings) -> None:
    voucher = issue(admin)
    found, total = entries(actor_of(admin), settings, object_id=voucher)
    assert [(one.action, one.object_id) for one in found] == [
        *(("voucher.status", voucher), ("voucher.add", voucher))
    ]
    assert (total, found[0].tenant_name) == (2, "小港醫院")
    assert found[0].actor_name.startswith("admin")
    assert found[0].data == {"before": "NONE", "now": "ON"}


def test_a_tenants_admin_reads_the_own_tenants_alone(
    admin: Caller, stranger: Caller, platform: Caller, settings: Settings
) -> None:
    issue(admin)
    issue(stranger)
    own, _ = entries(actor_of(admin), settings)
    assert {one.tenant_id for one in own} == {uuid.UUID(admin.tenant_id or "")}
    spied = entries(actor_of(admin), settings, tenant_id=uuid.UUID(stranger.tenant_id or ""))
    assert spied == ([], 0)
    every, total = entries(actor_of(platform), settings)
    assert len({one.tenant_id for one in every if one.tenant_id}) == 2
    assert len(every) == total > len(own)


def test_clerks_and_members_read_nothing(admin: Caller, member: Caller, settings: Settings) -> None:
    for nobody in (make_clerk(admin.tenant_id), member_actor(member)):
        with pytest.raises(Refusal) as refusal:
            entries(nobody, settings)
        assert refusal.value.error.code == "API_ERROR.FORBIDDEN"


def test_filters_narrow_the_list(admin: Caller, platform: Caller, settings: Settings) -> None:
    voucher, who = issue(admin), actor_of(admin)
    today = clock.local_date(clock.now(), settings.timezone)

    def total(**wanted: object) -> int:
        return entries(actor_of(platform), settings, **wanted)[1]

    assert total(actor=who.key) == 2
    assert total(actor=who.key, action="voucher.add") == 1
    assert total(kind="voucher", object_id=voucher) == 2
    assert total(kind="nothing") == total(action="\0\ud800") == 0
    assert total(first_day=today, last_day=today) == total()
    assert total(first_day=today + timedelta(days=1)) == 0
    assert total(last_day=today - timedelta(days=1)) == 0
    assert total(first_day=date.min, last_day=date.max) == total()


def test_pages_follow_each_other(admin: Caller, settings: Settings) -> None:
    write(actor_of(admin), 5)
    asked = (PageRequest(number, 2, "id", descending=True) for number in (1, 2, 3))
    pages = [entries(actor_of(admin), settings, page, action="voucher.update") for page in asked]
    ids = [one.id for listed, _ in pages for one in listed]
    assert ids == sorted(set(ids), reverse=True)
    assert (len(ids), {total for _, total in pages}) == (5, {5})


def test_nobody_pages_beyond_ten_thousand(admin: Caller, settings: Settings) -> None:
    last, beyond = (PageRequest(n, 100, "id", descending=True) for n in (100, 101))
    assert entries(actor_of(admin), settings, last)[0] == []
    with pytest.raises(Refusal) as refusal:
        entries(actor_of(admin), settings, beyond)
    assert refusal.value.error.code == "API_ERROR.INVALID_PARAMETER"


def test_a_page_costs_the_same_for_every_length(
    admin: Caller, member: Caller, settings: Settings
) -> None:
    for _ in range(2):
        write(actor_of(admin), 5)
        write(member_actor(member), 5)
        with books.statements() as seen:
            entries(OPERATOR, settings)
        assert len(seen) == 4


def test_the_page_is_read_through_an_index(admin: Caller, settings: Settings) -> None:
    write(actor_of(admin), 1)
    with books.statements() as seen:
        entries(actor_of(admin), settings)
    page = next(one for one in seen if "audit_entries.data" in one)
    assert "ORDER BY audit_entries.at DESC, audit_entries.id DESC" in page


def test_actors_are_named_in_one_query(admin: Caller, member: Caller, settings: Settings) -> None:
    clerk = make_clerk(admin.tenant_id)
    nobody = f"admin:{uuid.uuid4()}"
    keys = [clerk.key, member_actor(member).key, OPERATOR.key, "system", nobody, "test"]
    with books.statements() as seen, unit_of_work():
        names = audit_log.actor_names(keys)
    assert [names[key] for key in keys] == [
        *("林小姐", "王○明", "主機操作員", "系統", nobody, "test")
    ]
    assert len(seen) == 1
    with unit_of_work():
        assert audit_log.actor_names(["system"], english=True) == {"system": "System"}


def recorded(position: int) -> Iterator[re.Pattern[str]]:
    """What the program passes to `audit.record` there; an f-string stands for what it may give."""
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            node.target.id if isinstance(node, ast.AnnAssign) else node.targets[0].id: node.value
            for node in tree.body
            if (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name))
            or (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name))
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                said = node.args[position]
                if isinstance(said, ast.Name) and said.id in constants:
                    said = constants[said.id] or said
                yield _pattern(said, f"{path}:{node.lineno}")


def _pattern(said: ast.AST, place: str) -> re.Pattern[str]:
    if isinstance(said, ast.Constant):
        return re.compile(re.escape(str(said.value)))
    if isinstance(said, ast.JoinedStr):
        parts = (
            re.escape(str(one.value)) if isinstance(one, ast.Constant) else "[a-z_]+"
            for one in said.values
        )
        return re.compile("".join(parts))
    raise AssertionError(f"{place}: what is recorded cannot be told from the code")


def test_every_action_in_the_code_has_labels() -> None:
    patterns = list(recorded(1))
    assert len(patterns) > 20
    nameless = {p.pattern for p in patterns if not any(map(p.fullmatch, ACTION_LABELS))}
    assert nameless == set()


def test_every_kind_of_object_in_the_code_has_labels() -> None:
    nameless = {p.pattern for p in recorded(2) if not any(map(p.fullmatch, KIND_LABELS))}
    assert nameless == set()


def written_by_statements() -> set[str]:
    """Statements that insert entries themselves name their action as a literal."""
    found: set[str] = set()
    for path in [*PACKAGE.rglob("*.py"), *(PACKAGE.parent / "migrations").rglob("*.sql")]:
        for piece in path.read_text(encoding="utf-8").split("INSERT INTO audit_entries")[1:]:
            found |= set(re.findall(r"'([a-z_]+\.[a-z_]+)'", piece[:400]))
    return found


def test_actions_written_by_statements_have_labels() -> None:
    found = written_by_statements()
    assert {"voucher.take_down", "add_on.open"} <= found
    assert found <= ACTION_LABELS.keys()


def test_labels_are_for_actions_that_exist() -> None:
    patterns = list(recorded(1))
    recorded_so = {one for one in ACTION_LABELS if any(p.fullmatch(one) for p in patterns)}
    assert ACTION_LABELS.keys() - recorded_so - written_by_statements() == set()
