"""Codes: hard to guess, hard to misread, never a number (contract B)."""

import re
import secrets
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voucherweb.domain import coupon_codes as codes

PREFIXES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}", fullmatch=True)
COUNT = 60_000


@pytest.fixture(scope="module")
def many() -> list[str]:
    return [code for chunk in codes.chunks(COUNT) for code in chunk]


def test_a_body_holds_60_bits_and_more() -> None:
    assert codes.BITS >= 60
    possible = len(codes.LETTERS) * len(codes.SIGNS) ** (codes.BODY_LENGTH - 1)
    assert possible >= 2**60


def test_nothing_that_looks_alike_and_no_number(many: list[str]) -> None:
    shape = re.compile(f"[{codes.LETTERS}][{codes.SIGNS}]{{{codes.BODY_LENGTH - 1}}}")
    assert all(shape.fullmatch(code) for code in many)
    assert not set("0O1ILE") & set("".join(many))
    assert not any(codes.looks_like_a_number(code) for code in many)


def test_no_two_are_the_same(many: list[str]) -> None:
    assert len(set(many)) == COUNT


def test_every_sign_is_as_likely_at_every_place(many: list[str]) -> None:
    for place in range(codes.BODY_LENGTH):
        alphabet = codes.SIGNS if place else codes.LETTERS
        seen = Counter(code[place] for code in many)
        fair = COUNT / len(alphabet)
        off = sum((seen[sign] - fair) ** 2 / fair for sign in alphabet)
        assert off < 100, f"place {place}: chi squared is {off:.0f}"


def test_codes_come_from_the_system_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(size: int) -> bytes:
        asked.append(size)
        return bytes(size)

    monkeypatch.setattr(secrets, "token_bytes", counted)
    assert codes.bodies(3) == ["A" + "2" * 12] * 3
    assert sum(asked) >= 3 * codes.BODY_LENGTH


def test_unfair_bytes_are_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    given = iter([b"\xff" * 64, bytes([0] * 64), b"\xff\xfe\x01" * 30, bytes([1] * 64)])
    monkeypatch.setattr(secrets, "token_bytes", lambda _size: next(given))
    (body,) = codes.bodies(1)
    assert body == "A" + "3" * 12


@given(count=st.integers(0, 70), size=st.integers(1, 30), prefix=st.sampled_from(["", "VIP-"]))
def test_chunks_are_as_many_as_asked_and_never_longer(count: int, size: int, prefix: str) -> None:
    made = list(codes.chunks(count, prefix, size))
    assert sum(map(len, made)) == count
    assert all(0 < len(chunk) <= size for chunk in made)
    assert all(code.startswith(prefix) for chunk in made for code in chunk)
    assert len({code for chunk in made for code in chunk}) == count


@given(prefix=PREFIXES)
def test_no_good_prefix_makes_a_number_of_a_code(prefix: str) -> None:
    if codes.prefix_problem(prefix) is None:
        (chunk,) = codes.chunks(20, prefix)
        assert not any(codes.looks_like_a_number(code) for code in chunk)
    else:
        assert codes.looks_like_a_number(prefix)


@given(
    digit=st.integers(0, 9), letter=st.sampled_from("eE"), before=st.sampled_from(["", "A", "x"])
)
def test_a_prefix_that_ends_in_half_a_number_is_harmless(
    digit: int, letter: str, before: str
) -> None:
    prefix = f"{before}{digit}{letter}"
    assert codes.prefix_problem(prefix) is None
    (chunk,) = codes.chunks(50, prefix)
    assert not any(codes.looks_like_a_number(code) for code in chunk)


@pytest.mark.parametrize(
    "prefix", ["-A", "_A", "=A", "A B", "折扣", "A1E5", "9e9", "A" * 21, "A\n", "A/B", "+1"]
)
def test_a_bad_prefix_is_told_why(prefix: str) -> None:
    problem = codes.prefix_problem(prefix)
    assert problem is not None
    assert all(problem)


@pytest.mark.parametrize("code", ["", "A" * 101, "a\x00b", "a\tb", "a\nb", "\ud800", "\ufeffA"])
def test_a_bad_code_is_told_why(code: str) -> None:
    problem = codes.code_problem(code)
    assert problem is not None
    assert all(problem)


@pytest.mark.parametrize("code", ["=1+1", "@SUM(A1)", "1E5", "折扣 10", "A" * 100, "-5", "'x"])
def test_any_text_is_a_good_code(code: str) -> None:
    assert codes.code_problem(code) is None
