"""Which passwords are refused, and that good ones are not."""

import pytest

from voucherweb.domain.passwords import MAX_LENGTH, password_problem


@pytest.mark.parametrize(
    "password",
    [
        *("", "ninechars", "x" * (MAX_LENGTH + 1), "with\ttab inside"),
        *(
            "password123",
            "Passw0rd!!",
            "P@ssw0rd2024",
            "2024-admin-",
            "administrator",
            "Welcome!!1",
        ),
        *("1234567890", "0987654321", "20240131-99", "qwertyuiop", "1qaz2wsx3edc", "zyxwvutsrq"),
        *("aaaaaaaaaaaa", "abcdabcdabcd", "seal12seal12"),
        *("bob@example.test", "BOB@EXAMPLE.TEST", "bob1234567", "tset.elpmaxe@bob"),
    ],
)
def test_a_weak_password_is_refused(password: str) -> None:
    assert password_problem("bob@example.test", password)


@pytest.mark.parametrize(
    "password",
    [
        *("correct horse battery staple", "k3v9-xq2p-77", "我家的貓會看小說喔喔", "demo-password"),
        *("83746591028374651029", "seals eat seals"),
    ],
)
def test_a_good_password_is_not(password: str) -> None:
    assert password_problem("bob@example.test", password) is None
