"""The stage of the bench: durable engines, a migrated database, members and vouchers, a server."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.error import URLError

import psycopg
from flask import Flask
from flask_migrate import upgrade

from voucherweb import create_app
from voucherweb.config import DEVELOPMENT_SECRET, Settings, load_engine_settings, load_settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR, Actor
from voucherweb.domain.enums import Role, TargetType, UseType, VoucherStatus, VoucherType
from voucherweb.domain.voucher_rules import VoucherTerms
from voucherweb.embedded.binaries import as_mode
from voucherweb.embedded.engines import EngineOptions, start_engines
from voucherweb.models import Tenant
from voucherweb.services import issuing, quotas, tokens, vendors, vouchers
from voucherweb.transaction import session, unit_of_work

ROOT = Path(__file__).resolve().parent.parent
MEMBERS = 5_000
DAY = 86_400
SHARED_BUFFERS = "1GB"  # As deploy/compose.yaml; less than half of what docs/production.md asks.


@dataclass(slots=True)
class Stage:
    """A running database with an application over it, and what was seeded."""

    settings: Settings
    environ: dict[str, str]
    app: Flask
    data_dir: Path
    tenant: Actor
    postgres_bin: Path | None = None

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.settings.database_url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def token(self, number: int) -> str:
        return tokens.member_token(self.settings, member_id(number))

    def issue(self, volume: int = 99_999, price: int = 1) -> str:
        """A voucher on the shelf with all windows open; answers its id."""
        shop = issuing.Shop(self.settings, self.app.extensions["storage"])
        with self.app.app_context(), unit_of_work():
            voucher = issuing.add_voucher(shop, self.tenant, issuing.Draft(terms(volume, price)))
            vouchers.set_status(self.tenant, voucher.id, VoucherStatus.ON)
            return str(voucher.id)


def member_id(number: int) -> str:
    """The id of the seeded member of that number, so that SQL and HTTP can name the same one."""
    return f"00000000-0000-4000-8000-{number:012d}"


def terms(volume: int, price: int) -> VoucherTerms:
    now = clock.now()
    begin = clock.from_millis(clock.to_millis(now) - DAY * 1000)
    end = clock.from_millis(clock.to_millis(now) + 30 * DAY * 1000)
    return VoucherTerms(
        title="【免費】重乳草莓霜淇淋",
        target_type=TargetType.ALL,
        voucher_type=VoucherType.ZERO_YUAN,
        use_type=UseType.SELF,
        price=Decimal(price),
        volume=volume,
        redeem_start=begin,
        redeem_end=end,
        use_start=begin,
        use_end=end,
        on_start=begin,
        on_end=end,
        redeem_limit=0,
    )


@contextmanager
def stage(data_dir: Path) -> Iterator[Stage]:
    """Start engines with fsync on, build the schema, seed members; everything goes at the end."""
    mode = as_mode(load_engine_settings().engines)
    options = EngineOptions(data_dir, mode=mode, shared_buffers=SHARED_BUFFERS)
    with start_engines(options) as engines:
        environ = {
            **os.environ,
            "APP_ENV": "test",
            "SECRET_KEY": DEVELOPMENT_SECRET,
            "DATABASE_URL": engines.database_url,
            "REDIS_URL": engines.redis_url,
            "DATA_DIR": str(data_dir),
            "RATELIMIT_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
        }
        settings = load_settings(environ)
        app = create_app(settings)
        with app.app_context():
            upgrade()
            tenant = _seed()
        yield Stage(settings, environ, app, data_dir, tenant, find_pgbench())


def _seed() -> Actor:
    with unit_of_work():
        tenant = Tenant(code="BENCH", name="小港醫院", type="HOSPITAL")
        session.add(tenant)
        session.flush()
        vendors.add_vendor(OPERATOR, tenant.id)
        deposit = quotas.PurchaseTerms(clock.now(), 2_000_000_000, Decimal(1), None)
        for _ in range(50):
            quotas.add_purchase(OPERATOR, tenant.id, deposit)
        actor = Actor(Role.TENANT_ADMIN, OPERATOR.id, tenant.id)
        driver = session.connection().connection.driver_connection
        if driver is None:
            raise RuntimeError("no connection")
        driver.execute(SEED_MEMBERS, {"members": MEMBERS})
        return actor


SEED_MEMBERS = """
WITH new AS (
    INSERT INTO members (id, household_member_id, name, gender, birthdate)
    SELECT id, id::text, 'bench', (ARRAY['M', 'F', 'U'])[1 + n %% 3],
           date '1950-01-01' + (n * 37 %% 20000)
    FROM (SELECT n, ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid AS id
          FROM generate_series(1, %(members)s) n) numbered
    RETURNING id
), card AS (
    INSERT INTO cards (member_id, programme_id, balance, entry_count)
    SELECT id, '00000000-0000-0000-0000-000000000001', 1000000000, 1 FROM new RETURNING id
)
INSERT INTO points_entries
    (card_id, seq, kind, debit, credit, points, balance_after, actor, created_at)
SELECT id, 1, 'GRANT', 'PROGRAMME', 'CARD', 1000000000, 1000000000, 'bench', now() FROM card
"""


def find_pgbench() -> Path | None:
    """pgbench of the newest PostgreSQL on this machine; the wheel has none."""
    beside = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    on_path = shutil.which("pgbench")
    return beside[-1] if beside else (Path(on_path) if on_path else None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(here: Stage, workers: int, threads: int) -> Iterator[tuple[tuple[str, int], int]]:
    """The bench's application under Granian; yields its address and the server's pid."""
    port = free_port()
    argv = [sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"]
    argv += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    argv += ["--blocking-threads", str(threads), "--log-level", "warning", "--factory"]
    process = subprocess.Popen([*argv, "bench.app:create_app"], cwd=ROOT, env=here.environ)
    try:
        _wait(f"http://127.0.0.1:{port}/openapi.json")
        yield ("127.0.0.1", port), process.pid
    finally:
        process.terminate()
        process.wait(60)


def _wait(url: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - loopback only.
                return
        except (URLError, ConnectionError, TimeoutError) as error:
            if "HTTP Error" in str(error):
                return
            time.sleep(0.1)
    raise TimeoutError(url)
