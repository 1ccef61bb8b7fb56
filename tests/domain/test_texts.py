"""Texts that stand on one line, and those that an address can bear."""

import pytest

from voucherweb.domain.people import Unreadable, read_name
from voucherweb.domain.texts import address_problem, line_problem

BROKEN = [
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *("\u2028", "\u2029"),
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
    *("\ud800", "\udbff", "\udc00", "\udfff", "\ufffe", "\uffff"),
]


@pytest.mark.parametrize("sign", BROKEN, ids=lambda one: f"U+{ord(one):04X}")
def test_what_breaks_or_turns_a_line_is_refused(sign: str) -> None:
    problem = line_problem(f"小港{sign}醫院")
    assert problem
    assert all(problem)
    with pytest.raises(Unreadable):
        read_name(f"小港{sign}醫院")


LINES = [
    *("小港　醫院", "Größe", "\U0001f469\u200d\U0001f467 家庭", "نادي", "שלום", "𠮷野家"),
    *("a\u00a0b", "e\u0301", "1 < 2 & 3", ""),
]


@pytest.mark.parametrize("text", LINES)
def test_what_people_write_on_a_line_is_taken(text: str) -> None:
    assert line_problem(text) is None
    if text:
        assert read_name(text) == text


@pytest.mark.parametrize("text", ["", " ", "　", "\u200b", "\u200d\ufeff", "\u00a0"])
def test_a_name_of_which_nothing_is_seen_is_none(text: str) -> None:
    with pytest.raises(Unreadable):
        read_name(text)


@pytest.mark.parametrize("text", [".", "..", "/..", "a/./b", "../a", "a\n", "\u202ea"])
def test_what_no_address_bears_is_refused(text: str) -> None:
    assert address_problem(text)


@pytest.mark.parametrize("text", ["/", "//", "...", "a.b", ".a", "a..", "%2e%2e", " ", "?#", "單"])
def test_what_an_address_bears_encoded_is_taken(text: str) -> None:
    assert address_problem(text) is None
