"""The offers of the demo, out of offers.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from voucherweb.domain.enums import VoucherType

DATA = Path(__file__).with_name("offers.toml")


@dataclass(frozen=True, slots=True)
class Offer:
    """What one voucher says. `women` and `age` are whom it appeals to: the share of women among
    those who like it, and their middle age. `motif` and `hue` make its picture."""

    title: str
    price: int
    motif: str
    hue: int
    volume: int
    description: str
    limit: int = 1
    women: float = 0.5
    age: int = 45
    members_only: bool = False
    product_id: str | None = None
    merchant: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Eight offers of each voucher type, and the notice that all of a type share."""

    offers: dict[VoucherType, tuple[Offer, ...]]
    notices: dict[VoucherType, str]


@cache
def catalogue() -> Catalogue:
    with DATA.open("rb") as file:
        data = tomllib.load(file)
    return Catalogue(
        {
            VoucherType(kind): tuple(Offer(**one) for one in data["offers"][kind])
            for kind in data["offers"]
        },
        {VoucherType(kind): text for kind, text in data["notices"].items()},
    )
