"""However a workbook is damaged, it is read or refused: nothing else comes out."""

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from voucherweb.errors import Refusal
from voucherweb.spreadsheets.coupons import read_coupons

ROUNDS = 150


def ordinary() -> bytes:
    workbook = openpyxl.Workbook()
    for row in [("標題", "描述", "網址"), ("a", 5, "http://a.tw/1"), (True, 1.5, "http://a.tw/2")]:
        workbook.worksheets[0].append(row)
    workbook.worksheets[0]["B2"].number_format = "0000"
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def flipped(content: bytes, chance: random.Random) -> bytes:
    """The content with a few bytes changed, dropped or doubled."""
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(damaged))
        damaged[at : at + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 2))
    return bytes(damaged)


def damaged_part(book: bytes, chance: random.Random) -> bytes:
    """The workbook packed anew, with one part damaged before it was packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as source, zipfile.ZipFile(out, "w") as target:
        names = source.namelist()
        victim = chance.choice(names)
        for name in names:
            content = source.read(name)
            target.writestr(name, flipped(content, chance) if name == victim else content)
    return out.getvalue()


@pytest.mark.parametrize("damage", [flipped, damaged_part])
def test_a_damaged_workbook_is_read_or_refused(
    tmp_path: Path, damage: Callable[[bytes, random.Random], bytes]
) -> None:
    chance = random.Random(20261121)
    book = ordinary()
    codes = []
    for _ in range(ROUNDS):
        path = tmp_path / "damaged.xlsx"
        path.write_bytes(damage(book, chance))
        try:
            read_coupons(path)
        except Refusal as refusal:
            codes.append(refusal.error.code)
    assert set(codes) == {"SERVICE_ERROR.IMPORT_FILE_NOT_READABLE"}
