"""Odoo's command line, started from a file.

A server that reloads itself, and one that starts the process for web sockets, runs `sys.argv` again
as a script. Under `python -m odoo` that script is a module of Odoo's package, which cannot be run
by its path: the reload ends in an `ImportError` and the server is gone.
"""

import os
import sys
from pathlib import Path

# The folder of this file would come first: its modules must not hide those of others.
sys.path[0] = str(Path(__file__).resolve().parent.parent)


def main() -> None:
    """Become Odoo, as in an activated virtual environment."""
    # A reload runs the interpreter by its bare name: it finds the environment by the path only.
    folder = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([folder, os.environ.get("PATH", os.defpath)])

    from odoo.cli import main as run

    run()


if __name__ == "__main__":
    main()
