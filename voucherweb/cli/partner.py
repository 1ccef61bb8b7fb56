"""`partner certify`."""

from datetime import UTC, datetime
from typing import Any, Final

import click
from flask.cli import AppGroup

from voucherweb.cli.command import Outcome, command, is_chinese
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.certification import Result, Sentence
from voucherweb.services import api_keys
from voucherweb.services.certification import Item, Report, certify
from voucherweb.transaction import unit_of_work

MARKS: Final = {
    Result.PASSED: Sentence("通過　", "pass"),
    Result.FAILED: Sentence("未通過", "FAIL"),
    Result.NOT_SHOWN: Sentence("未展示", "FAIL, not shown"),
    Result.NOT_NEEDED: Sentence("不適用", "pass, not needed"),
}

partner = AppGroup("partner", help="Partners' integrations.")


@command(partner, "certify")
@click.argument("key", metavar="KEY")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"]),
    help="Judge only what was done from this UTC time on, such as 2026-11-22T04:00:00Z.",
)
def certify_key(key: str, since: datetime | None) -> Outcome:
    """Judge by its calls how the server behind a sandbox key keeps to the rules.

    Tells of each item whether it passed, the ids of the requests that show it, and what to do.
    Exit code 1 unless all have passed.
    """
    with unit_of_work(snapshot=True):
        found = api_keys.get_key(OPERATOR, key)
        report = certify(found, since.replace(tzinfo=UTC) if since else None)
    answer = {
        "ok": report.has_passed,
        "key": report.key,
        "calls": report.calls,
        "items": [_told(item) for item in report.items],
    }
    return Outcome(answer, exit_code=0 if report.has_passed else 1, lines=_lines(report))


def _said(sentence: Sentence) -> str:
    return sentence.zh if is_chinese() else sentence.en


def _told(item: Item) -> dict[str, Any]:
    return {
        "name": item.name,
        "title": _said(item.title),
        "result": item.finding.result.value,
        "passed": item.has_passed,
        "reason": _said(item.finding.reason),
        "evidence": list(item.finding.evidence),
        "toDo": _said(item.to_do) if item.to_do else None,
    }


def _lines(report: Report) -> list[str]:
    lines = []
    for item in report.items:
        lines.append(f"[{_said(MARKS[item.finding.result])}] {item.name}: {_said(item.title)}")
        lines.append(f"    {_said(item.finding.reason)}")
        if item.finding.evidence:
            lines.append(f"    {', '.join(item.finding.evidence)}")
        if item.to_do:
            lines.append(f"    → {_said(item.to_do)}")
    passed = sum(item.has_passed for item in report.items)
    total = Sentence(
        f"{report.key}：{len(report.items)} 項通過 {passed} 項",
        f"{report.key}: {passed} of {len(report.items)} items passed",
    )
    return [*lines, _said(total)]
