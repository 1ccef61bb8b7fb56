"""A parser that runs wild ends its own process, and only that."""

import signal
import subprocess
import sys
import textwrap

from tests.spreadsheets.workbooks import BookMaker, header_row, inline, parts

TRAP = f'{header_row()}<row r="1048576">{inline("XFD1048576", "x")}</row>'


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_trap_aborts_the_process_that_gives_it_to_the_fast_reader(
    raw_book: BookMaker,
) -> None:
    ended = run(
        """
        import sys, python_calamine
        from voucherweb.spreadsheets.isolation import limit_memory
        limit_memory()
        python_calamine.load_workbook(sys.argv[1]).get_sheet_by_index(0)
        """,
        str(raw_book(parts(TRAP))),
    )
    assert ended.returncode == -signal.SIGABRT


def test_the_trap_is_only_refused_where_the_prescan_stands_before(raw_book: BookMaker) -> None:
    ended = run(
        """
        import sys
        from pathlib import Path
        from voucherweb.errors import Refusal
        from voucherweb.spreadsheets.coupons import read_coupons
        from voucherweb.spreadsheets.isolation import limit_cpu, limit_memory
        limit_memory()
        limit_cpu()
        try:
            read_coupons(Path(sys.argv[1]))
        except Refusal as refusal:
            print(refusal.error.code)
        """,
        str(raw_book(parts(TRAP))),
    )
    assert (ended.stdout, ended.returncode) == ("SERVICE_ERROR.IMPORT_FILE_NOT_READABLE\n", 0)


def test_memory_beyond_the_limit_is_not_given() -> None:
    ended = run(
        """
        from voucherweb.spreadsheets.isolation import limit_memory
        limit_memory(64 * 1024 * 1024)
        kept = bytearray(16 * 1024 * 1024)
        try:
            bytearray(512 * 1024 * 1024)
        except MemoryError:
            print("refused")
        """
    )
    assert ended.stdout == "refused\n"


def test_a_process_that_turns_in_circles_is_ended() -> None:
    ended = run(
        """
        from voucherweb.spreadsheets.isolation import limit_cpu
        limit_cpu(1)
        while True:
            pass
        """
    )
    assert ended.returncode == -signal.SIGXCPU
