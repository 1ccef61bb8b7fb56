"""What operators may type about people."""

from collections.abc import Callable
from datetime import date

import pytest

from voucherweb.domain.people import (
    Unreadable,
    read_birthday,
    read_gender,
    read_name,
    read_phone,
)

TODAY = date(2026, 11, 21)


def birthday(text: str) -> date | None:
    return read_birthday(text, TODAY)


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (read_phone, " +886 (912) 345-678 ", "+886912345678"),
        (read_phone, "123456", "123456"),
        (read_phone, "1" * 20, "1" * 20),
        (read_gender, " 女 ", "F"),
        (read_gender, "male", "M"),
        (read_gender, "", "U"),
        (birthday, "", None),
        (birthday, "1990/1/2", date(1990, 1, 2)),
        (birthday, "2026-11-21", TODAY),
        (read_name, "  王小明 ", "王小明"),
    ],
)
def test_it_is_read_as_meant(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *(
            (read_phone, text)
            for text in ("", "12345", "1" * 21, "++123456", "12a456", "１２３４５６")
        ),
        *((read_gender, text) for text in ("X", "FM")),
        *((birthday, text) for text in ("1990", "1990-13-01", "1899-12-31", "2026-11-22", "x-y-z")),
        *((read_name, text) for text in ("", "  ", "a\nb", "x" * 101, "a\0b")),
    ],
)
def test_it_is_refused_with_a_reason(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert all(refused.value.problem)
