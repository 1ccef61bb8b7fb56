"""What a workbook may weigh before it is refused (behaviour §8), and how the refusal is worded."""

from typing import Final

from voucherweb.errors import Detail, Refusal, refuse

MAX_DATA_ROWS: Final = 99_999
MAX_SHEET_ROW: Final = 1_048_576
MAX_SHEET_COLUMN: Final = 16_384
# Rows × columns of the rectangle that holds every value. Readers that build the rectangle in
# memory need about 32 bytes for each place in it, filled or not.
MAX_RECTANGLE: Final = 4_000_000
MAX_ENTRIES: Final = 2_000
# The bytes of all parts that get parsed, counted while they inflate, not as the archive claims.
MAX_INFLATED: Final = 192 * 1024 * 1024
# Parts that describe the workbook (relationships, styles, the list of sheets) are kept whole.
MAX_DESCRIPTION: Final = 8 * 1024 * 1024
# The bytes that the archive admits to for everything in it, pictures and other sheets included.
MAX_DECLARED: Final = 1024 * 1024 * 1024
# Honest sheets shrink 10 to 60 times; deflate can reach 1,032.
MAX_RATIO: Final = 250
RATIO_FREE_BYTES: Final = 8 * 1024 * 1024


def unreadable(en: str, zh: str) -> Refusal:
    """422 `IMPORT_FILE_NOT_READABLE` whose one detail says what is wrong with the file."""
    return refuse("IMPORT_FILE_NOT_READABLE", [Detail("file", en, zh)])


def corrupt(en: str, zh: str) -> Refusal:
    """The refusal of a file that starts as a workbook and is damaged; the texts say where."""
    return unreadable(f"The workbook is damaged: {en}", f"檔案已損毀：{zh}")


def too_many_rows() -> Refusal:
    """The refusal of a sheet with more rows of data than one import takes."""
    return unreadable(
        f"The sheet has more than {MAX_DATA_ROWS:,} rows of data",
        f"資料超過 {MAX_DATA_ROWS:,} 列",
    )
