"""Real workers and schedulers for tests: the programs that production runs, as child processes."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import redis
from werkzeug.test import TestResponse
from xlsxwriter import Workbook

from tests.support.cast import Caller
from voucherweb.config import Settings
from voucherweb.embedded.processes import descendants

ROOT = Path(__file__).resolve().parents[2]
Program = subprocess.Popen[bytes]
HEADER = ("標題", "描述", "網址")
PARSE = "/voucher-mgmt/voucher/parse-coupon-list"


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    """Wait for something to come true; fails the test when it does not."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def _environment(settings: Settings) -> dict[str, str]:
    keep = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return keep | {
        "APP_ENV": "test",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "DATA_DIR": str(settings.data_dir),
        "LOG_LEVEL": "INFO",
    }


def start(settings: Settings, *words: str) -> Program:
    """Start `python -m voucherweb.workers.<words>` and leave it running."""
    module, *rest = words
    with (settings.data_dir / f"{words[-1]}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", f"voucherweb.workers.{module}", *rest],
            cwd=ROOT,
            env=_environment(settings),
            start_new_session=True,
            stdout=log,
            stderr=log,
        )


def end(process: Program) -> int:
    """Ask a program to stop, as the supervisor does; its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    return process.wait(timeout=15)


@contextmanager
def running(settings: Settings, *programs: Sequence[str]) -> Iterator[list[Program]]:
    """Programs that are up when the block begins and gone, cleanly, when it has ended."""
    with ExitStack() as undo, redis.Redis.from_url(settings.redis_url) as client:
        client.delete(*(f"voucherweb:seen:{words[-1]}" for words in programs))
        started = [start(settings, *words) for words in programs]
        for program in started:
            undo.callback(end, program)
        until(lambda: all(alive(client, words[-1]) for words in programs), 30)
        yield started


def alive(client: redis.Redis, role: str) -> bool:
    return bool(client.exists(f"voucherweb:seen:{role}"))


@contextmanager
def held(settings: Settings) -> Iterator[psycopg.Connection]:
    """Nobody can keep an import while the block lasts: running ones wait at their last step."""
    with psycopg.connect(settings.database_url) as connection:
        connection.execute("LOCK TABLE coupon_imports IN EXCLUSIVE MODE")
        yield connection
        connection.rollback()


def horse_of(worker: Program) -> int:
    """The process that runs the worker's job at this moment."""
    until(lambda: descendants([worker.pid]))
    (pid,) = descendants([worker.pid])
    return pid


def workbook(rows: Sequence[Sequence[str]]) -> bytes:
    """A workbook of coupons as an honest tenant makes it."""
    out = io.BytesIO()
    with Workbook(out) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([HEADER, *rows]):
            for column, text in enumerate(row):
                sheet.write_string(at, column, text)
    return out.getvalue()


def coupons(count: int) -> list[tuple[str, str, str]]:
    return [(f"券{n}", f"說明 {n}", f"https://example.test/c/{n}") for n in range(1, count + 1)]


def send(admin: Caller, data: bytes, **headers: str) -> TestResponse:
    """Upload a workbook for import."""
    sent = {"Authorization": f"Bearer {admin.token}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    sent["Content-Type"] = "multipart/form-data; boundary=here"
    part = b'Content-Disposition: form-data; name="file"; filename="coupons.xlsx"'
    form = b"--here\r\n" + part + b"\r\n\r\n" + data + b"\r\n--here--\r\n"
    return admin.client.post(PARSE, data=form, headers=sent)


def imported(admin: Caller, data: bytes) -> dict[str, object]:
    """The `result.data` of an import that must succeed."""
    answer = send(admin, data)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: dict[str, object] = answer.json["result"]["data"]
    return found


def send_async(admin: Caller, data: bytes) -> str:
    """Upload a workbook and do not wait; the id of its job."""
    answer = send(admin, data, Prefer="respond-async")
    assert answer.status_code == 202, answer.get_data(as_text=True)
    job_id: str = answer.json["result"]["data"]["jobId"]
    return job_id


def look(admin: Caller, job_id: str) -> dict[str, object]:
    """A job as its tenant sees it."""
    answer = admin.get(f"/voucher-mgmt/jobs/{job_id}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    data: dict[str, object] = answer.json["result"]["data"]
    return data


def ended(admin: Caller, job_id: str, seconds: float = 15) -> dict[str, object]:
    """A job once it has ended."""
    until(lambda: look(admin, job_id)["state"] not in {"QUEUED", "RUNNING"}, seconds)
    return look(admin, job_id)


def running_job(admin: Caller) -> str:
    """An import that has begun; inside `held` it cannot end."""
    job_id = send_async(admin, workbook(coupons(3)))
    until(lambda: look(admin, job_id)["state"] == "RUNNING")
    return job_id
