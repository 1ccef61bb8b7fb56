"""Ids as they arrive: an id that is no UUID is an unknown id (behaviour §1)."""

import uuid


def parse_id(value: str | None) -> uuid.UUID | None:
    """The UUID, or None for text that is none (never an error of its own)."""
    try:
        return uuid.UUID(value) if value and len(value) == 36 else None
    except ValueError:
        return None
