"""Places where a test has the process die, by name: see docs/crash-points.md."""

import contextlib
import os
import signal
from pathlib import Path

# A file that tests write: ``feed.sent``, or ``feed.sent 2`` for the second time. In production
# nobody sets it, and a point costs a look at a constant.
_ORDER = os.environ.get("ECM_CRASH_POINTS")


def reach(name: str) -> None:
    """Say that the process has come to a point; where a test wants so, it dies there as by a power
    cut.
    """
    if _ORDER:
        _obey(Path(_ORDER), name)


def _obey(order: Path, name: str) -> None:
    # Another process may take the order at this very moment: it is one's to die of.
    with contextlib.suppress(FileNotFoundError):
        wanted, _space, times = order.read_text().partition(" ")
        if wanted != name:
            return
        if int(times or 1) > 1:
            order.write_text(f"{name} {int(times) - 1}")
            return
        # Whoever comes after this process goes on undisturbed.
        order.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
