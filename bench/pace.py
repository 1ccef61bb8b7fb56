"""How quick the machine is while something is measured: the time of one and the same loop, taken
all the while.

A machine that is shared with others is not always as quick as it can be, and what is measured in
milliseconds says as much of its neighbours as of the program. With the loop's time beside each
answer it is told how long the answer would have taken at the machine's own pace.
"""

import statistics
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

LOOP: Final = 20_000
NEAR: Final = 15
"""Loops that tell the pace of a moment: the median of so many, of which one takes 1 or 2 ms."""


def percentile(values: Sequence[float], percent: int) -> float:
    """The nearest rank: the least value that so many of a hundred do not exceed."""
    ordered = sorted(values)
    return ordered[max(-(-len(ordered) * percent // 100), 1) - 1]


@dataclass(slots=True)
class Pace:
    """Milliseconds of all loops, and of the last ones."""

    millis: list[float] = field(default_factory=list)
    last: deque[float] = field(default_factory=lambda: deque(maxlen=NEAR))

    def take(self) -> float:
        """Run the loop once more; what it takes these days."""
        begun = time.perf_counter()
        total = 0
        for number in range(LOOP):
            total += number * number
        taken = (time.perf_counter() - begun) * 1000
        self.millis.append(taken)
        self.last.append(taken)
        return statistics.median(self.last)

    @property
    def own(self) -> float:
        """The loop's time in the best twentieth of the time: the machine's own pace."""
        return percentile(self.millis, 5)

    @property
    def told(self) -> str:
        p50, p95 = (percentile(self.millis, one) for one in (50, 95))
        return f"own pace {self.own:.2f}, p50 {p50:.2f}, p95 {p95:.2f} ms"
