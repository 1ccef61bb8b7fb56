"""(g) parsing and issuing 99,999 coupons against plain openpyxl and a bare COPY."""

import subprocess
import sys
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Final

import psycopg

from bench.stage import ROOT, Stage, terms
from bench.table import Row, median, ratio
from voucherweb.domain.enums import VoucherType
from voucherweb.services import issuing
from voucherweb.spreadsheets.tables import write_xlsx
from voucherweb.transaction import unit_of_work

ROWS = 99_999

OPENPYXL = """
import openpyxl, sys
book = openpyxl.load_workbook(sys.argv[1], read_only=True)
print(sum(1 for _ in book.active.iter_rows(values_only=True)))
"""
OURS = """
import sys
from pathlib import Path
from typing import Final
from voucherweb.spreadsheets.coupons import read_coupons
print(len(list(read_coupons(Path(sys.argv[1])).good)))
"""


def coupons(count: int) -> list[tuple[str, str, str]]:
    text = "感謝您參加平台舉辦的活動，以下是您的贈品，請於期限前開啟下方網址取得完整券樣"
    return [("折扣碼優惠券", text, f"https://t.example.tw/v/{n:08X}") for n in range(count)]


def timed(script: str, path: Path) -> tuple[float, float]:
    """CPU seconds and peak MB of a fresh Python that runs the script on the file."""
    code = (
        f"{script}\nimport resource\nused = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, peak = done.stdout.split()[-2:]
    return float(seconds), float(peak)


_COPY: Final = "COPY bare (set_id, ordinal, title, description, url) FROM STDIN"


def measure(here: Stage, *, quick: bool) -> list[Row]:
    count, rounds = (9_999, 1) if quick else (ROWS, 3)
    path = here.data_dir / "coupons.xlsx"
    rows = coupons(count)
    write_xlsx(path, ["標題", "描述", "網址"], rows)
    plain = [timed(OPENPYXL, path) for _ in range(rounds)]
    ours = [timed(OURS, path) for _ in range(rounds)]
    cost = median([one[0] for one in ours]) / median([one[0] for one in plain])
    issues = [_issue(here, rows) for _ in range(rounds)]
    copies = [_bare_copy(here, rows) for _ in range(rounds)]
    peak = max(one[1] for one in ours)
    return [
        Row("g", f"parsing {count:,} coupons ÷ openpyxl read-only, CPU", ratio(cost), "≤ 0.25"),
        Row("g", "  peak memory of the parsing process", f"{peak:.0f} MB", "≤ 250 MB"),
        Row(
            "g",
            f"issuing {count:,} coupons ÷ bare COPY",
            ratio(median(issues) / median(copies)),
            "≤ 4",
        ),
        Row("g", "  (issue; COPY)", f"{median(issues):.2f} s; {median(copies):.2f} s"),
    ]


def _issue(here: Stage, rows: list[tuple[str, str, str]]) -> float:
    wanted = replace(terms(len(rows), 1), voucher_type=VoucherType.COUPON_CODE)
    shop = issuing.Shop(here.settings, here.app.extensions["storage"])
    with here.app.app_context():
        began = time.perf_counter()
        with unit_of_work():
            issuing.add_voucher(shop, here.tenant, issuing.Draft(wanted, coupon_list=rows))
        return time.perf_counter() - began


def _bare_copy(here: Stage, rows: list[tuple[str, str, str]]) -> float:
    with psycopg.connect(here.settings.database_url) as connection:
        connection.execute("CREATE TABLE bare (LIKE coupons INCLUDING DEFAULTS INCLUDING INDEXES)")
        connection.commit()
        began = time.perf_counter()
        set_id = uuid.uuid4()
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for number, texts in enumerate(rows, start=1):
                copy.write_row((set_id, number, *texts))
        connection.commit()
        seconds = time.perf_counter() - began
        connection.execute("DROP TABLE bare")
        return seconds
