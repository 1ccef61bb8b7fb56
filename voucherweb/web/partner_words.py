"""What partners' keys and add-ons may do, in words, and the field where it is chosen."""

from collections.abc import Iterable
from typing import Final

from wtforms import SelectMultipleField

from voucherweb.domain.partner import Scope
from voucherweb.errors import invalid
from voucherweb.services.partner_tokens import known_scopes
from voucherweb.web.language import Text

SCOPES: Final[dict[Scope, tuple[Text, Text]]] = {
    Scope.MEMBERS_READ: (
        Text("查會員", "Read members"),
        Text(
            "以電話、卡號或會員編號查到姓名、生日、性別與卡片。",
            "Names, birthdays, genders and cards by phone, card number or member id.",
        ),
    ),
    Scope.POINTS_READ: (
        Text("看點數", "Read points"),
        Text("活動清單與每一筆點數交易。", "The campaigns and every transaction of points."),
    ),
    Scope.POINTS_WRITE: (
        Text("加點、扣點、作廢", "Add, burn and void points"),
        Text("會改變會員的點數餘額。", "Changes what members have."),
    ),
    Scope.COUPONS_READ: (
        Text("看票券組與票券", "Read coupons"),
        Text(
            "票券組清單、會員的領取紀錄、以碼查一張票券與持有人。",
            "The sets, what members were given, and a coupon and its holder by code.",
        ),
    ),
    Scope.COUPONS_WRITE: (
        Text("建立票券組、發放、收回、使用票券", "Create sets; give, take back and use coupons"),
        Text("會發出新的票券碼，也能把票券標記為已使用。", "Makes new codes and marks them used."),
    ),
}
"""What each scope is called, and what it opens."""


def scope_field() -> SelectMultipleField:
    """A field of checkboxes (partners/_scopes.html)."""
    return SelectMultipleField(Text("可以做的事", "What it may do"), validate_choice=False)


def scope_names(stored: Iterable[str]) -> list[Text]:
    """The scopes of a row in a fixed order, by name."""
    held = known_scopes(stored)
    return [name for one, (name, _) in SCOPES.items() if one in held]


def read_scopes(field: SelectMultipleField) -> frozenset[Scope]:
    """What was ticked; what is no scope opens nothing."""
    return known_scopes(field.data or ())


def need_scopes(field: SelectMultipleField) -> frozenset[Scope]:
    """What was ticked; raises INVALID_PARAMETER when nothing was."""
    scopes = read_scopes(field)
    if not scopes:
        raise invalid("scopes", "must name one or more", "至少須有一項")
    return scopes
