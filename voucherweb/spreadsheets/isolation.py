"""A fence around one job: what it may take before the kernel ends it, and nothing else.

Called in RQ's work-horse, a process of its own for each job. A parser that asks for more memory
than this aborts; the worker sees a dead work-horse, marks that one job and takes the next.
"""

import resource
from pathlib import Path
from typing import Final

PARSE_MEMORY: Final = 512 * 1024 * 1024
PARSE_CPU_SECONDS: Final = 120


def limit_memory(more_bytes: int = PARSE_MEMORY) -> None:
    """Let this process grow by so many bytes of address space, and leave no core dump.

    Counted from its size now: libraries and thread stacks reserve address space that they never
    touch, and more of it with every release. Never call it in a process that outlives the job.
    """
    _lower(resource.RLIMIT_AS, _address_space() + more_bytes)
    # A dump of a crashed parser would keep the tenant's coupons on disk.
    _lower(resource.RLIMIT_CORE, 0)


def limit_cpu(seconds: int = PARSE_CPU_SECONDS) -> None:
    """Let this process use so many more seconds of CPU time before the kernel ends it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime) + seconds)


def _address_space() -> int:
    """Bytes of address space in use; 0 where the system does not tell (no Linux)."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return 0
    return int(statm.read_text().split()[0]) * resource.getpagesize()


def _lower(kind: int, soft: int) -> None:
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(kind, (soft, hard))
