"""Telephone numbers of members whom the host app brings, as they are looked for later."""

import pytest
from flask import Flask

from voucherweb.services.members import Person, find_or_create_member
from voucherweb.transaction import unit_of_work


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("+886 (912) 345-678", "+886912345678"),
        ("0912345678", "0912345678"),
        ("分機 12", "分機 12"),
        (None, None),
    ],
)
def test_a_number_is_kept_as_operators_entries_are(
    app: Flask, told: str | None, kept: str | None
) -> None:
    with unit_of_work():
        member = find_or_create_member("host-1", Person(phone_number=told))
        assert member.phone_number == kept
