"""`make clean`: remove everything that was downloaded or generated."""

import shutil

from . import cluster, paths
from .console import say

_GENERATED = ("**/__pycache__", ".hypothesis", ".pytest_cache", ".ruff_cache", "**/.mypy_cache")


def main() -> None:
    """Stop PostgreSQL, also where it lives outside the checkout, and delete .build and the caches."""
    # First: what it is and where stands in .build.
    cluster.remove()
    shutil.rmtree(paths.BUILD, ignore_errors=True)
    for pattern in _GENERATED:
        for folder in paths.ROOT.glob(pattern):
            shutil.rmtree(folder, ignore_errors=True)
    say("Removed .build and caches. Debian packages that setup installed stay.")


if __name__ == "__main__":
    main()
