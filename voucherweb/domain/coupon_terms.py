"""What a tenant says of a set of coupons, and what of it cannot be (contract B call 15)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from voucherweb.domain.coupon_codes import CODE_MAX, prefix_problem
from voucherweb.domain.coupon_rules import URL_MAX, is_web_address
from voucherweb.domain.texts import line_problem, storable
from voucherweb.errors import Detail

NAME_MAX: Final = 200
DESCRIPTION_MAX: Final = 1000
TERMS_MAX: Final = 5000
QUANTITY_MAX: Final = 1_000_000
_TEXTS: Final = {
    "name": NAME_MAX,
    "description": DESCRIPTION_MAX,
    "static_code": CODE_MAX,
    "image_url": URL_MAX,
    "terms": TERMS_MAX,
}
_LINES: Final = ("name", "static_code")


@dataclass(frozen=True, slots=True)
class SetTerms:
    """A set as it is wished for. Coupons are good from `start_date` to `end_date`, both of these
    instants included; `static_code` is shown beside each code and never stands for one."""

    name: str
    start_date: datetime
    end_date: datetime
    description: str | None = None
    prefix: str | None = None
    static_code: str | None = None
    quantity: int | None = None
    image_url: str | None = None
    terms: str | None = None

    def tidy(self) -> "SetTerms":
        """Without blanks around the texts; an empty text is none."""
        return replace(
            self,
            name=self.name.strip(),
            description=_tidy(self.description),
            prefix=_tidy(self.prefix),
            static_code=_tidy(self.static_code),
            image_url=_tidy(self.image_url),
            terms=_tidy(self.terms),
        )


def _tidy(text: str | None) -> str | None:
    return (text or "").strip() or None


def problems_of(terms: SetTerms, kept_name: str | None = None) -> list[Detail]:
    """The problems of tidied terms, each naming its field; an empty list when they are good. The
    name that the set has already may stay as it is."""
    found = [problem for name in _TEXTS for problem in _text_problems(name, getattr(terms, name))]
    for name in _LINES:
        text = getattr(terms, name)
        problem = line_problem(text or "")
        if problem and not (name == "name" and text == kept_name):
            found.append(Detail(name, *problem))
    prefix = prefix_problem(terms.prefix or "")
    if prefix:
        found.append(Detail("prefix", *prefix))
    if terms.end_date < terms.start_date:
        found.append(Detail("end_date", "must not be before start_date", "不可早於 start_date"))
    if terms.quantity is not None and not 1 <= terms.quantity <= QUANTITY_MAX:
        found.append(
            Detail(
                "quantity",
                f"must be 1 to {QUANTITY_MAX:,}",
                f"必須是 1 至 {QUANTITY_MAX:,}",
            )
        )
    return found


def _text_problems(name: str, text: str | None) -> list[Detail]:
    if text is None:
        return []
    if not text:
        return [Detail(name, "is required", "必填")]
    if len(text) > _TEXTS[name]:
        most = _TEXTS[name]
        return [Detail(name, f"is longer than {most} characters", f"超過 {most} 個字")]
    if not storable(text):
        return [Detail(name, "contains characters that are no text", "含有無法使用的控制字元")]
    if name == "image_url" and not is_web_address(text):
        return [
            Detail(
                name,
                "must be a web address that starts with http:// or https://",
                "必須是 http:// 或 https:// 開頭的網址",
            )
        ]
    return []
