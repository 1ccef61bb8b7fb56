"""`/metrics` (behaviour §10)."""

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families as parse

from tests.support.cast import Caller, issue
from voucherweb import create_app, metrics
from voucherweb.config import Settings
from voucherweb.models import Job
from voucherweb.transaction import session, unit_of_work

ROOT = Path(__file__).resolve().parents[2]
OUTCOMES = ("redeemed", "replayed")
COUNTER = """
import sys
from pathlib import Path
from voucherweb import metrics
metrics.share(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    metrics.count_request("/x", "GET", "2xx", 0.01)
print("counted", flush=True)
sys.stdin.read()
"""
TOTAL = """
import sys
from pathlib import Path
from voucherweb import metrics
metrics.share(Path(sys.argv[1]))
print(sum(s.value for m in metrics.shared_metrics() for s in m.samples
          if s.name == "voucherweb_http_requests_total"))
"""


def value(client: FlaskClient, name: str, **labels: str) -> float:
    """The value of one series, 0 while it is not there."""
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    for family in parse(answer.get_data(as_text=True)):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return float(sample.value)
    return 0.0


def test_requests_are_counted_by_route_method_and_class(client: FlaskClient) -> None:
    labels = {"endpoint": "/healthz", "method": "GET", "status": "2xx"}
    before = value(client, "voucherweb_http_requests_total", **labels)
    client.get("/healthz")
    assert value(client, "voucherweb_http_requests_total", **labels) == before + 1
    assert value(client, "voucherweb_http_request_seconds_count", endpoint="/healthz") >= 1


def test_whatever_people_send_makes_no_label(client: FlaskClient) -> None:
    client.get("/files/voucher/0912345678.png?signature=x")
    client.get("/王小明/0912345678")
    client.open("/healthz", method="王小明".encode().hex().upper())
    told = client.get("/metrics").get_data(as_text=True)
    assert 'endpoint="unmatched"' in told
    assert 'method="other"' in told
    assert "0912345678" not in told


def test_redeems_are_counted_by_outcome(client: FlaskClient, member: Caller) -> None:
    refused = {"outcome": "API_ERROR.NOT_EXIST"}
    before = value(client, "voucherweb_redeems_total", **refused)
    member.post("/voucher/redeem", {"voucherId": "no such voucher"})
    assert value(client, "voucherweb_redeems_total", **refused) == before + 1


def test_redeems_that_succeed_are_told_from_replays(
    client: FlaskClient, admin: Caller, member: Caller
) -> None:
    before = [value(client, "voucherweb_redeems_total", outcome=o) for o in OUTCOMES]
    body = {"voucherId": issue(admin)}
    for _ in range(3):
        member.post("/voucher/redeem", body, Idempotency_Key="once")
    after = [value(client, "voucherweb_redeems_total", outcome=o) for o in OUTCOMES]
    assert [a - b for a, b in zip(after, before, strict=True)] == [1, 2]


def test_a_redeem_alone_is_a_batch_of_one(
    client: FlaskClient, admin: Caller, member: Caller
) -> None:
    before = value(client, "voucherweb_redeem_batch_size_bucket", le="1.0")
    member.post("/voucher/redeem", {"voucherId": issue(admin)})
    assert value(client, "voucherweb_redeem_batch_size_bucket", le="1.0") == before + 1


def test_batches_are_measured(client: FlaskClient) -> None:
    before = value(client, "voucherweb_redeem_batch_size_sum")
    metrics.observe_batch(7)
    assert value(client, "voucherweb_redeem_batch_size_sum") == before + 7


def test_jobs_queues_and_sessions_are_told(client: FlaskClient) -> None:
    with unit_of_work():
        session.add(Job(kind="IMPORT", actor="test", state="QUEUED"))
    assert value(client, "voucherweb_jobs", kind="IMPORT", state="QUEUED") == 1
    assert value(client, "voucherweb_oldest_waiting_job_seconds") >= 0
    assert value(client, "voucherweb_database_connections") >= 1
    assert value(client, "voucherweb_database_connections_limit") > 1
    assert value(client, "voucherweb_build_info", version="0.1.0") == 1
    assert value(client, "voucherweb_up", part="redis") == 1


def test_without_engines_the_rest_is_still_told(settings: Settings) -> None:
    away = dataclasses.replace(
        settings,
        database_url="postgresql://x@127.0.0.1:1/x",
        redis_url="redis://127.0.0.1:1/0",
    )
    told = create_app(away).test_client().get("/metrics").get_data(as_text=True)
    assert 'voucherweb_up{part="database"} 0.0' in told
    assert 'voucherweb_up{part="redis"} 0.0' in told
    assert "voucherweb_http_requests_total" in told


@pytest.mark.parametrize(
    ("headers", "address", "status"),
    [
        ({}, "127.0.0.1", 200),
        ({}, "203.0.113.9", 403),
        ({"X-Forwarded-For": "203.0.113.9"}, "127.0.0.1", 403),
    ],
)
def test_without_a_token_only_this_machine_may_scrape(
    client: FlaskClient, headers: dict[str, str], address: str, status: int
) -> None:
    answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status


def test_with_a_token_only_its_bearer_may_scrape(settings: Settings) -> None:
    guarded = create_app(dataclasses.replace(settings, metrics_token="a" * 40)).test_client()
    assert guarded.get("/metrics").status_code == 401
    wrong = {"Authorization": "Bearer é" + "a" * 39}
    assert guarded.get("/metrics", headers=wrong).status_code == 401
    right = {"Authorization": "Bearer " + "a" * 40}
    answer = guarded.get("/metrics", headers=right, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert answer.status_code == 200


@contextmanager
def _counting(directory: Path, times: int) -> Iterator["subprocess.Popen[str]"]:
    """A process that has counted so many requests, alive until the end of the block."""
    words = [sys.executable, "-c", COUNTER, str(directory), str(times)]
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "counted\n"
        yield process
        process.communicate()


def _total(directory: Path) -> float:
    words = [sys.executable, "-c", TOTAL, str(directory)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def test_processes_add_up_and_a_killed_one_takes_nothing_away(tmp_path: Path) -> None:
    with _counting(tmp_path, 3) as first, _counting(tmp_path, 4):
        assert _total(tmp_path) == 7
        first.kill()
        first.wait()
        assert _total(tmp_path) == 7
        with _counting(tmp_path, 5):
            assert _total(tmp_path) == 12
    # The first one's successor went on in its file; readers have taken the third slot.
    assert not (tmp_path / "counter_3.db").exists()


def test_a_damaged_file_costs_its_counts_only(tmp_path: Path) -> None:
    with _counting(tmp_path, 3):
        pass
    (tmp_path / "counter_0.db").write_bytes(b"\xff" * 4096)
    with _counting(tmp_path, 2):
        assert _total(tmp_path) == 2


def test_the_application_measures_into_its_data_directory(app: Flask, client: FlaskClient) -> None:
    client.get("/healthz")
    assert metrics._directory is not None
    assert list(metrics._directory.glob("counter_*.db"))
