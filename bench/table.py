"""What the bench prints: a machine line, then one row a figure, ratios first."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was measured, its value, and against what it is held."""

    part: str
    name: str
    value: str
    aim: str = ""


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def rate(value: float) -> str:
    return f"{value:,.0f}/s"


def ratio(value: float) -> str:
    return f"{value:.2f} ×"


def millis(value: float) -> str:
    return f"{value * 1000:.1f} ms"


def machine_line() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(": ")[2] if names else model
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{os.cpu_count()} × {model}, {platform.system()}, Python {platform.python_version()}{load}"
    )


def show(rows: Sequence[Row]) -> str:
    names = ("part", "name", "value")
    widths = [max((len(getattr(row, name)) for row in rows), default=0) for name in names]
    lines = [machine_line(), ""]
    lines += [
        f"{row.part:<{widths[0]}}  {row.name:<{widths[1]}}  {row.value:>{widths[2]}}  {row.aim}"
        for row in rows
    ]
    return "\n".join(lines)
