"""Which passwords are refused, and that good ones are not."""

import pytest

from voucherweb.domain.passwords import MAX_LENGTH, password_problem


@pytest.mark.parametrize(
    "password",
    [
        *("", "7 chars", "x" * (MAX_LENGTH + 1), "with\ttab inside"),
        *("PASSWORD", "passw0rd", "administrator", "1234567890", "qwertyuiop"),
        *("aaaaaaaaaaaa", "abcabcabcabc"),
        *("bob@example.test", "BOB@EXAMPLE.TEST"),
    ],
)
def test_a_weak_password_is_refused(password: str) -> None:
    assert password_problem("bob@example.test", password)


@pytest.mark.parametrize(
    "password",
    [
        *("correct horse battery staple", "k3v9-xq2p-77", "我家的貓會看小說喔喔", "demo-password"),
        *("83746591028374651029", "seals eat seals", "Passw0rd!", "bob1234567"),
    ],
)
def test_a_good_password_is_not(password: str) -> None:
    assert password_problem("bob@example.test", password) is None
