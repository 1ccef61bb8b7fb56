"""What a tenant sees of the people behind its numbers."""

import pytest

from voucherweb.services.masking import mask_name, mask_phone, short_id


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王小明", "王○明"),
        ("王明", "王○"),
        ("歐陽小明", "歐○○明"),
        ("王", "○"),
        (" 王小明 ", "王○明"),
        ("Amy Lin", "A○○ ○○n"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_name_keeps_its_ends(name: str | None, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("0912345678", "09**-***-678"),
        ("+886912345678", "+88*******678"),
        ("021234567", "02****567"),
        ("123456", "****56"),
        (None, ""),
    ],
)
def test_a_phone_keeps_its_ends(phone: str | None, shown: str) -> None:
    assert mask_phone(phone) == shown


def test_an_id_keeps_its_first_eight_characters() -> None:
    assert short_id("2f1c9c1e-7f5e-4b0a-9a53-3a1f6f0f8d11") == "2f1c9c1e"
