"""`make bench`: one table, ratios within one run. `python -m bench --quick` for a first look."""

import argparse
import sys
from pathlib import Path

from bench import growth, importing, memory, pages, partners, redeeming
from bench.stage import Stage, served, stage
from bench.table import Row, show
from voucherweb.embedded.temporary import temporary_data_dir

OVER_HTTP = "abcdehj"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and rows")
    parser.add_argument("--only", default="abcdefghij", help="letters of the parts to measure")
    parser.add_argument("--workers", type=int, default=2, help="web processes")
    parser.add_argument("--threads", type=int, default=64, help="threads in each")
    chosen = parser.parse_args()
    rows: list[Row] = []
    try:
        with temporary_data_dir() as data_dir:
            measure(data_dir, chosen, rows)
    finally:  # What was measured before something failed took its time too.
        print(show(rows))
    return 0


def measure(data_dir: Path, chosen: argparse.Namespace, rows: list[Row]) -> None:
    with stage(data_dir) as here:
        if set(OVER_HTTP) & set(chosen.only):
            over_http(here, chosen, rows)
        if "f" in chosen.only:
            rows += growth.measure(here, quick=chosen.quick)
        if "g" in chosen.only:
            rows += importing.measure(here, quick=chosen.quick)
        if "j" in chosen.only:
            rows += partners.generation(here, quick=chosen.quick)
        if "i" in chosen.only:
            rows += pages.measure(here, quick=chosen.quick)
    print(f"{len(rows)} rows measured", file=sys.stderr)


def over_http(here: Stage, chosen: argparse.Namespace, rows: list[Row]) -> None:
    """The parts that need a running server."""
    rounds, count = (2, 2_000) if chosen.quick else (5, 6_000)
    tokens = redeeming.Tokens(here)
    with served(here, chosen.workers, chosen.threads) as (address, pid):
        if "a" in chosen.only:
            rows += redeeming.hot(here, address, tokens, rounds, count)
        if set("bcde") & set(chosen.only):
            rows += redeeming.others(here, address, tokens, max(2, rounds - 2), count)
        if "j" in chosen.only:
            rows += partners.calls(here, address, max(2, rounds - 2), count // 2)
        if "h" in chosen.only:
            rows += memory.of_processes(here, pid)


if __name__ == "__main__":
    raise SystemExit(main())
