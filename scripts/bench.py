"""Run one benchmark: `make bench NAME=import` is `python -m benchmarks.bench_import`; more words
are its arguments.
"""

import os
import subprocess
import sys

from . import cluster, paths
from .console import fail


def names() -> list[str]:
    """Benchmarks there are."""
    files = sorted((paths.ROOT / "benchmarks").glob("*.py"))
    return [file.stem.removeprefix("bench_") for file in files if file.stem.startswith("bench_")]


def main() -> None:
    """Command line."""
    words = sys.argv[1:]
    if not words or words[0] not in names():
        fail(f"Usage: make bench NAME=…, one of: {', '.join(names()) or 'none yet'}")
    cluster.ensure_running()
    arguments = [*words[1:], *os.environ.get("ARGS", "").split()]
    command = [sys.executable, "-m", f"benchmarks.bench_{words[0]}", *arguments]
    raise SystemExit(subprocess.call(command, cwd=paths.ROOT))


if __name__ == "__main__":
    main()
