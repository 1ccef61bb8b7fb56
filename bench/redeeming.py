"""(a) hot redeem, (b) spread redeem, (c) use, (d) list, (e) reach — over HTTP, and pgbench."""

import itertools
import json
import subprocess
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import load
from bench.stage import MEMBERS, Stage, member_id
from bench.table import Row, median, millis, rate, ratio

CONNECTIONS = 64
PGBENCH_CLIENTS = 32
PGBENCH_SECONDS = 5
_keys = itertools.count(1)

PGBENCH_SCRIPT = r"""
\set n random(1, {members})
SELECT * FROM redeem_one(
    ('00000000-0000-4000-8000-' || lpad((:n)::text, 12, '0'))::uuid, '{voucher}'::uuid,
    'member:' || (:n)::text, gen_random_uuid()::text, sha256('print'::bytea),
    clock_timestamp(), current_date);
"""


class Tokens:
    """Every seeded member's token, signed once."""

    def __init__(self, here: Stage, count: int = MEMBERS) -> None:
        self.all = [here.token(number) for number in range(1, count + 1)]

    def nth(self, index: int) -> str:
        # A stride far from 1 keeps requests of the same member apart.
        return self.all[index * 997 % len(self.all)]


def post(path: str, token: str, body: object, *, key: bool = False) -> bytes:
    headers = {"Idempotency_Key": f"bench-{next(_keys)}-{uuid.uuid4()}"} if key else {}
    return load.request("POST", path, token, json.dumps(body).encode(), **headers)


def redeem_requests(
    tokens: Tokens, vouchers: Sequence[str], count: int, path: str = "/voucher/redeem"
) -> list[bytes]:
    return [
        post(path, tokens.nth(n), {"voucherId": vouchers[n % len(vouchers)]}, key=True)
        for n in range(count)
    ]


def need_all(result: load.Result, status: int = 200) -> load.Result:
    if set(result.statuses) != {status}:
        raise RuntimeError(f"expected {status} only, got {dict(result.statuses)}")
    return result


def pgbench_rate(here: Stage, voucher: str) -> float | None:
    """Calls per second of the single SQL call on one voucher; None without pgbench."""
    if here.postgres_bin is None:
        return None
    script = Path(here.data_dir) / "redeem.sql"
    script.write_text(PGBENCH_SCRIPT.format(members=MEMBERS, voucher=voucher))
    words = ["-n", "-M", "prepared", "-c", str(PGBENCH_CLIENTS), "-j", "2"]
    words += ["-T", str(PGBENCH_SECONDS), "-f", str(script), here.settings.database_url]
    done = subprocess.run(
        [str(here.postgres_bin), *words], capture_output=True, text=True, check=True
    )
    line = next(one for one in done.stdout.splitlines() if one.startswith("tps"))
    return float(line.split()[2])


def hot(
    here: Stage, address: tuple[str, int], tokens: Tokens, rounds: int, count: int
) -> list[Row]:
    """The rivals take turns in every round, so that the machine's moods hit them alike."""
    ours: list[load.Result] = []
    noop: list[float] = []
    orm: list[float] = []
    single: list[float] = []
    for _ in range(rounds):
        voucher = here.issue()
        requests = redeem_requests(tokens, [voucher], count)
        ours.append(need_all(load.run(address, requests, CONNECTIONS)))
        requests = redeem_requests(tokens, [voucher], count, "/voucher/noop")
        noop.append(need_all(load.run(address, requests, CONNECTIONS)).rate)
        requests = redeem_requests(tokens, [here.issue()], count // 10, "/voucher/redeem-orm")
        orm.append(need_all(load.run(address, requests, CONNECTIONS)).rate)
        tps = pgbench_rate(here, here.issue())
        if tps:
            single.append(tps)
    mine = median([one.rate for one in ours])
    p50 = median([one.percentile(50) for one in ours])
    p99 = median([one.percentile(99) for one in ours])
    rows = [
        Row("a", "hot redeem over HTTP, 64 connections", rate(mine)),
        Row("a", "  ÷ no-op on the same stack", ratio(mine / median(noop)), "aim ≥ 0.5"),
        Row("a", "  ÷ ORM read-lock-write control", ratio(mine / median(orm)), "≥ 8"),
        Row("a", "  p50 / p99", f"{millis(p50)} / {millis(p99)}"),
        Row("a", "  p99 ÷ p50", ratio(p99 / p50), "≤ 6"),
        Row("a", "  (no-op; ORM control)", f"{rate(median(noop))}; {rate(median(orm))}"),
    ]
    if single:
        of = median(single)
        rows.insert(1, Row("a", "  ÷ pgbench, single call, 32 clients", ratio(mine / of), "≥ 0.8"))
        rows.append(Row("a", "  (pgbench)", rate(of)))
    else:
        rows.append(Row("a", "  pgbench is not on this machine", "–"))
    return rows


def against_noop(
    name: str,
    part: str,
    address: tuple[str, int],
    ours: Callable[[], list[bytes]],
    noop: Callable[[int], list[bytes]],
    rounds: int,
) -> list[Row]:
    mine, theirs, latencies = [], [], []
    for _ in range(rounds):
        requests = ours()
        result = need_all(load.run(address, requests, CONNECTIONS))
        mine.append(result.rate)
        latencies.append(result.percentile(99))
        theirs.append(need_all(load.run(address, noop(len(requests)), CONNECTIONS)).rate)
    value = median(mine)
    return [
        Row(part, name, rate(value)),
        Row(
            part, "  ÷ no-op; p99", f"{ratio(value / median(theirs))}; {millis(median(latencies))}"
        ),
    ]


def others(
    here: Stage, address: tuple[str, int], tokens: Tokens, rounds: int, count: int
) -> list[Row]:
    spread = [here.issue(volume=20_000) for _ in range(100)]
    noop = lambda n: redeem_requests(tokens, spread[:1], n, "/voucher/noop")  # noqa: E731
    rows = against_noop(
        "spread redeem over 100 vouchers",
        "b",
        address,
        lambda: redeem_requests(tokens, spread, count),
        noop,
        rounds,
    )
    rows += against_noop(
        "use", "c", address, lambda: use_requests(here, tokens, count), noop, rounds
    )
    rows += against_noop(
        "/voucher/list, 100 vouchers on the shelf",
        "d",
        address,
        lambda: [post("/voucher/list", tokens.nth(n), {}) for n in range(count)],
        noop,
        rounds,
    )
    rows += against_noop(
        "reach with 50 ids",
        "e",
        address,
        lambda: [
            post("/voucher/reach", tokens.nth(n), {"voucherList": spread[:50]})
            for n in range(count // 2)
        ],
        noop,
        rounds,
    )
    return rows


def use_requests(here: Stage, tokens: Tokens, count: int) -> list[bytes]:
    """Pieces not used yet, each with its own member's token."""
    rows = here.sql(
        "SELECT id::text, right(member_id::text, 12)::int FROM redemptions"
        " WHERE used_at IS NULL AND member_id::text LIKE %s LIMIT %s",
        member_id(0)[:24] + "%",
        count,
    )
    return [post("/voucher/use", tokens.all[int(str(n)) - 1], {"id": piece}) for piece, n in rows]
