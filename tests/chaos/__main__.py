"""`make chaos ARGS="25 7"`: so many minutes of faults, drawn by a seed (25, and one of its own).

Two Odoo servers with their real scheduled actions on one database feed a UCCX and a CCE, while
supervisors work, processes die at each named point (docs/crash-points.md), PostgreSQL and the dialers
go and come, and answers are lost. After each fault the simulators' own records of calls are compared
with the history; at the end everybody must have been called to the end. Nothing else may run on this
checkout's PostgreSQL, which is restarted. The last line says how many faults there were, and how many
contacts were lost or called twice; the exit code is 1 where anything was wrong.
"""

from __future__ import annotations

import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from scripts import cluster, paths
from scripts.console import say

from . import house
from .director import Director
from .faults import Faults

RETRY_MINUTES = 1


def main() -> None:
    words = sys.argv[1:]
    minutes = float(words[0]) if words else 25.0
    seed = int(words[1]) if len(words) > 1 else random.SystemRandom().randrange(10_000)
    # Whatever ends this ends all that it has started.
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(143))
    cluster.ensure_running()
    say(f"Chaos: {minutes:g} minutes, seed {seed}")
    paths.TEMPORARY.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=paths.TEMPORARY) as folder,
        house.running(Path(folder), RETRY_MINUTES, with_rest=True) as place,
    ):
        raise SystemExit(0 if _run(place, minutes, seed) else 1)


def _run(place: house.House, minutes: float, seed: int) -> bool:
    director = Director(place, seed)
    director.begin()
    faults = Faults(place, director.ledger, director.draw)
    until = time.monotonic() + 60 * minutes
    while time.monotonic() < until:
        around = faults.all(with_cluster=True)
        director.draw.shuffle(around)
        director.play(around, until)
    is_well = director.finish()
    for line in director.table():
        say(line)
    return is_well


if __name__ == "__main__":
    main()
