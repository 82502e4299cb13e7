"""Everything from zero: `make setup`. Each step is skipped when its result is there already."""

import time

from . import cluster, node_tools, odoo_command, odoo_source, paths, python_env, system
from .console import SetupError, fail, say


def setup() -> None:
    """Make the checkout ready to run and test the suite."""
    paths.BUILD.mkdir(exist_ok=True)
    # In this order: each step uses what the ones before have brought.
    system.ensure_packages()
    odoo_source.ensure_odoo()
    python_env.ensure_venv()
    node_tools.ensure_node_tools()
    cluster.ensure_running()
    odoo_command.write_conf()


def main() -> None:
    """Command line."""
    started_at = time.monotonic()
    try:
        setup()
    except SetupError as error:
        fail(str(error))
    say(f"Ready ({time.monotonic() - started_at:.1f} s).")


if __name__ == "__main__":
    main()
