"""(h) memory of each process of the system, as the kernel counts it."""

import subprocess
import sys
import time
from pathlib import Path

from bench.stage import ROOT, Stage
from bench.table import Row

WORKERS = {
    "worker imports": ("voucherweb.workers.run", "imports"),
    "worker takedown": ("voucherweb.workers.run", "takedown"),
    "scheduler": ("voucherweb.workers.scheduler",),
}
SETTLE_SECONDS = 4.0


def resident_mb(pid: int) -> float:
    """Resident set in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def of_processes(here: Stage, web: int) -> list[Row]:
    rows = [Row("h", "memory: web master", f"{resident_mb(web):.0f} MB")]
    for number, pid in enumerate(children(web), start=1):
        rows.append(
            Row("h", f"memory: web worker {number}, after the load", f"{resident_mb(pid):.0f} MB")
        )
    started = {
        name: subprocess.Popen(
            [sys.executable, "-m", *words], cwd=ROOT, env=here.environ, stderr=subprocess.DEVNULL
        )
        for name, words in WORKERS.items()
    }
    time.sleep(SETTLE_SECONDS)
    for name, process in started.items():
        rows.append(Row("h", f"memory: {name}", f"{resident_mb(process.pid):.0f} MB"))
        process.terminate()
    for process in started.values():
        process.wait(20)
    return rows
