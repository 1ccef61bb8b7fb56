"""Age levels and genders as the statistics count them (contract A §票券統計, behaviour §7)."""

from datetime import date

from voucherweb.domain.enums import AgeLevel, Gender

AGE_LABELS: dict[AgeLevel, tuple[str, str]] = {
    AgeLevel.UNDER_30: ("30歲以下", "Under 30"),
    AgeLevel.FROM_30: ("30-39歲", "30–39"),
    AgeLevel.FROM_40: ("40-49歲", "40–49"),
    AgeLevel.FROM_50: ("50-59歲", "50–59"),
    AgeLevel.FROM_60: ("60歲以上", "60 and over"),
}
"""The levels drawn as bars, in order, with their labels in zh-TW and English."""

_FLOORS = (
    (60, AgeLevel.FROM_60),
    (50, AgeLevel.FROM_50),
    (40, AgeLevel.FROM_40),
    (30, AgeLevel.FROM_30),
)


def age_on(birthdate: date, day: date) -> int:
    """Completed years on `day`; a leap-day birthday is completed on 1 March of other years."""
    before_birthday = (day.month, day.day) < (birthdate.month, birthdate.day)
    return day.year - birthdate.year - before_birthday


def age_level(birthdate: date | None, day: date) -> AgeLevel:
    """The level of a member on a local day; a birthday that is missing or ahead is unknown."""
    if birthdate is None or birthdate > day:
        return AgeLevel.UNKNOWN
    age = age_on(birthdate, day)
    return next((level for floor, level in _FLOORS if age >= floor), AgeLevel.UNDER_30)


def gender_of(value: str | None) -> Gender:
    """The gender as stored from whatever a host app's claim says."""
    first = (value or "").strip().upper()[:1]
    return {"M": Gender.MALE, "F": Gender.FEMALE}.get(first, Gender.UNKNOWN)
