"""Age levels and genders as the statistics count them (contract A §票券統計, behaviour §7).

Which level a member is in on a day is decided by the SQL function `age_level`, because events
store it in the statement that counts them.
"""

from voucherweb.domain.enums import AgeLevel, Gender

AGE_LABELS: dict[AgeLevel, tuple[str, str]] = {
    AgeLevel.UNDER_30: ("30歲以下", "Under 30"),
    AgeLevel.FROM_30: ("30-39歲", "30–39"),
    AgeLevel.FROM_40: ("40-49歲", "40–49"),
    AgeLevel.FROM_50: ("50-59歲", "50–59"),
    AgeLevel.FROM_60: ("60歲以上", "60 and over"),
}
"""The levels drawn as bars, in order, with their labels in zh-TW and English."""


def gender_of(value: str | None) -> Gender:
    """The gender as stored from whatever a host app's claim says."""
    first = (value or "").strip().upper()[:1]
    return {"M": Gender.MALE, "F": Gender.FEMALE}.get(first, Gender.UNKNOWN)
