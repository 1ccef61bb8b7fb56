"""Pages and orders of lists, as values (behaviour §1)."""

from dataclasses import dataclass

MAX_PAGE_SIZE = 1000
MAX_ALL_ROWS = 10_000
"""Beyond this many rows `pageSize: -1` is refused."""


@dataclass(frozen=True, slots=True)
class SortSpec:
    """What a list may be sorted by, and how it is sorted when nothing is asked."""

    fields: tuple[str, ...]
    default_field: str
    default_order: str


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One page of an ordered list; `size` -1 is all rows."""

    current: int
    size: int
    field: str
    descending: bool

    @property
    def offset(self) -> int:
        return 0 if self.size < 0 else (self.current - 1) * self.size
