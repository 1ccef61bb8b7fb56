"""Signed download addresses, kept for a small part of their life.

Signing for S3 costs up to a millisecond, and a list page shows the same pictures again and again;
an address that stays the same also lets browsers keep the picture.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

from voucherweb.domain import clock


class UrlCache:
    """Answers an address again during the first twelfth of its life; safe between threads."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, int, str | None], tuple[str, datetime, datetime]] = (
            OrderedDict()
        )

    def get(self, key: str, expires: int, filename: str | None, sign: Callable[[], str]) -> str:
        """The address for these values: a known one while it is fresh, else a newly signed one."""
        now = clock.now()
        entry = key, expires, filename
        with self._lock:
            known = self._known.get(entry)
            if known and known[1] <= now < known[2]:
                return known[0]
        url = sign()
        with self._lock:
            self._known[entry] = url, now, now + timedelta(seconds=expires / 12)
            self._known.move_to_end(entry)
            if len(self._known) > self._capacity:
                self._known.popitem(last=False)
        return url
