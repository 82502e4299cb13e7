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
    files = sorted((paths.ROOT / "benchmarks").glob("bench_*.py"))
    return [file.stem.removeprefix("bench_") for file in files]


def main() -> None:
    """Command line."""
    name, *words = sys.argv[1:] or [""]
    if name not in names():
        known = ", ".join(names())
        fail(f"Usage: make bench NAME=…, one of: {known}")
    # A process of its own: Odoo is imported with the settings that the benchmark chooses.
    cluster.ensure_running()
    words += os.environ.get("ARGS", "").split()
    command = [sys.executable, "-m", f"benchmarks.bench_{name}", *words]
    code = subprocess.call(command, cwd=paths.ROOT)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
