"""`make bench` measures every part to its end."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.table import Row, show

ROOT = Path(__file__).resolve().parents[2]
PARTS = "abcdefghij"


def test_nothing_measured_is_a_table_too() -> None:
    assert show([]).strip()
    assert "x  pages  1 ms  ≤ 2 ms" in show([Row("x", "pages", "1 ms", "≤ 2 ms")])


@pytest.mark.drill
@pytest.mark.timeout(3600)
def test_every_part_is_measured() -> None:
    argv = [sys.executable, "-m", "bench", "--quick"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    begun = {line.split()[0] for line in done.stdout.splitlines()[2:] if line.strip()}
    assert begun == set(PARTS)
    assert "not walked" not in done.stdout
    assert not re.search(r"POST \S+ \([45]\d\d\)", done.stdout), "a deed was refused"
