"""Programs of the project in processes of their own, with nothing but what a test gives them."""

import os
import subprocess
import sys
from pathlib import Path

from voucherweb.embedded.first_start import ROOT


def run_command(data_dir: Path, *argv: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Python with these arguments over a DATA_DIR; engines, if it starts any, from the wheels."""
    return subprocess.run(
        [sys.executable, *argv],
        env={"PATH": os.defpath, "DATA_DIR": str(data_dir), "ENGINES": "wheel", **environ},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
