"""ESLint, Prettier, and what turns Odoo's styles around for Arabic (rtlcss), from the npm registry into
.build, in the versions of `package-lock.json`.
"""

import shutil
import subprocess

from . import paths, stamps
from .console import Progress, SetupError

_FILES = ("package.json", "package-lock.json")


def ensure_node_tools() -> None:
    """Have the locked packages installed; they run no scripts of their own."""
    key = stamps.digest([paths.ROOT / name for name in _FILES])
    if stamps.is_current("node_tools", key) and paths.NODE_TOOLS.is_dir():
        return
    _install()
    stamps.write("node_tools", key)


def _install() -> None:
    # Where several checkouts share the folder by a link, each gets its own as soon as they differ.
    if paths.NODE_MODULES.is_symlink():
        paths.NODE_MODULES.unlink()
    for name in _FILES:
        shutil.copy(paths.ROOT / name, paths.BUILD / name)
    progress = Progress("Installing ESLint, Prettier and rtlcss")
    # Few connections at once: npm gives up where a busy network drops some of many.
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--maxsockets=4"]
    result = subprocess.run(
        command,
        cwd=paths.BUILD,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        raise SetupError(f"npm could not install ESLint, Prettier and rtlcss:\n{result.stdout}")
    progress.done()
