"""Texts of callers, before they meet the database."""


def storable(text: str) -> bool:
    """Whether the database can hold the text: no NUL, no lone surrogates. What it cannot hold
    names nothing that is in it."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)
