"""Odoo 19.0 itself: Debian's package unpacked into the checkout, or the person's own."""

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from . import apt, paths, stamps
from .console import SetupError, say

ODOO_PACKAGE = "odoo-19"
# Targets of the package's symbolic links: fonts and scripts that Debian keeps in packages of their
# own.
LINKED_PACKAGES = {
    "libjs-jquery": "bookworm",
    "libjs-jquery-form": "bookworm",
    "libjs-underscore": "bookworm",
    "fonts-font-awesome": "bookworm",
    "fonts-roboto-unhinted": "bookworm",
    "fonts-inconsolata": "bookworm",
    "fonts-ocr-b": "bookworm",
    "fonts-glyphicons-halflings": "bookworm",
    "fonts-montserrat": "sid",
}
SEGMENTATION_PACKAGE = "@mediapipe/selfie_segmentation@0.1.1675465747"
SEGMENTATION_FILE = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"


def ensure_odoo() -> None:
    """Have Odoo 19.0 ready and its location written down; ODOO_DIR= and ODOO_DEB= replace the
    download.
    """
    checkout = os.environ.get("ODOO_DIR")
    package = os.environ.get("ODOO_DEB")
    if checkout:
        folder = Path(checkout).expanduser().resolve()
        _write_location(_python_folder_of_checkout(folder))
    elif package:
        _ensure_unpacked(Path(package).expanduser().resolve())
    elif not _is_located():
        _ensure_unpacked(None)


def python_folder() -> Path:
    """Folder that makes `import odoo` work."""
    if not paths.ODOO_LOCATION.is_file():
        raise SetupError("Odoo is not set up: run make setup.")
    return Path(paths.ODOO_LOCATION.read_text().strip())


def addons_folders() -> list[Path]:
    """Folders of Odoo's own add-ons."""
    folders = [python_folder() / "addons", python_folder() / "odoo" / "addons"]
    return [folder for folder in folders if folder.is_dir()]


def _is_located() -> bool:
    return paths.ODOO_LOCATION.is_file() and (python_folder() / "odoo" / "release.py").is_file()


def _python_folder_of_checkout(folder: Path) -> Path:
    if not (folder / "odoo" / "release.py").is_file():
        raise SetupError(f"ODOO_DIR={folder} holds no Odoo: it has no odoo/release.py.")
    return folder


def _write_location(folder: Path) -> None:
    version = re.search(
        r"^version_info = \((\d+), (\d+)",
        (folder / "odoo" / "release.py").read_text(),
        re.MULTILINE,
    )
    if not version or version.groups() != ("19", "0"):
        raise SetupError(f"{folder} is not Odoo 19.0.")
    paths.ODOO_LOCATION.write_text(f"{folder}\n")


def _ensure_unpacked(package: Path | None) -> None:
    # Another package means another Odoo, and so may another list of linked ones above.
    key = stamps.digest([Path(__file__), str(package or "debian")])
    if stamps.is_current("odoo", key) and _is_located():
        return
    _check_can_unpack(package)
    packages = _fetch_packages(package)
    say("Unpacking Odoo 19.0")
    _unpack(packages)
    # The stamp comes last: a run that broke off begins anew.
    folder = _find_python_folder()
    _add_segmentation_script(folder)
    _write_location(folder)
    stamps.write("odoo", key)


def _check_can_unpack(package: Path | None) -> None:
    if not package and not apt.is_debian():
        raise SetupError(
            "Odoo 19.0 is fetched from Debian, and this machine does not run Debian. Set ODOO_DIR= to a checkout of "
            "Odoo 19.0, or ODOO_DEB= to Debian's odoo-19 package, or use docker/ (see docker/README.md)."
        )
    if package and not package.is_file():
        raise SetupError(f"ODOO_DEB={package} does not exist.")


def _fetch_packages(package: Path | None) -> list[Path]:
    """Odoo's package and those it links to, from the folder of a given package or from the Debian
    mirror.
    """
    if not package:
        return _download({ODOO_PACKAGE: "sid", **LINKED_PACKAGES})

    linked: list[Path] = []
    missing: dict[str, str] = {}
    for name, suite in LINKED_PACKAGES.items():
        beside = next(package.parent.glob(f"{name}_*.deb"), None)
        if beside:
            linked.append(beside)
        else:
            missing[name] = suite
    if missing and not apt.is_debian():
        names = ", ".join(missing)
        raise SetupError(
            f"Put these Debian packages beside {package.name}, which links to them: {names}"
        )
    return [package, *_download(missing), *linked]


def _download(packages: dict[str, str]) -> list[Path]:
    if not packages:
        return []
    paths.DOWNLOADS.mkdir(parents=True, exist_ok=True)
    index = apt.PrivateIndex()
    index.refresh()
    return [index.download(name, suite, paths.DOWNLOADS) for name, suite in packages.items()]


def _unpack(packages: list[Path]) -> None:
    # In a folder of another name: the real one exists only when it is complete.
    partial = paths.ODOO.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for package in packages:
        subprocess.run(["dpkg-deb", "-x", str(package), str(partial)], check=True)
    shutil.rmtree(paths.ODOO, ignore_errors=True)
    partial.rename(paths.ODOO)
    _warn_of_dangling_links()


def _warn_of_dangling_links() -> None:
    """A later package may link to one that is not in our list yet; pages would lack its file."""
    dangling = []
    for file in paths.ODOO.rglob("*"):
        # A link exists where it leads to a file.
        if file.is_symlink() and not file.exists():
            dangling.append(file)
    if dangling:
        first = dangling[0]
        say(f"Warning: {len(dangling)} links of Debian's package lead nowhere, first {first}")


def _find_python_folder() -> Path:
    found = next(paths.ODOO.glob("usr/lib/python3*/dist-packages/odoo/release.py"), None)
    if not found:
        raise SetupError("The package holds no Odoo.")
    return found.parent.parent


def _add_segmentation_script(folder: Path) -> None:
    """Put the one script in place that Debian strips and without which every asset bundle fails.

    It blurs the background of video calls, which nothing here uses: where npm cannot fetch it, an
    empty script does.
    """
    addons = next(
        path for path in (folder / "odoo" / "addons", folder / "addons") if (path / "mail").is_dir()
    )
    target = addons / SEGMENTATION_FILE
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(_segmentation_script())


def _segmentation_script() -> bytes:
    say("Downloading selfie_segmentation.js through npm")
    paths.DOWNLOADS.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", "--silent", SEGMENTATION_PACKAGE]
    result = subprocess.run(
        command, cwd=paths.DOWNLOADS, stdout=subprocess.PIPE, text=True, check=False
    )
    if result.returncode:
        say("npm failed: background blur in Odoo's video calls is left out (nothing else needs it)")
        return b"/* Left out: Debian strips it. It blurs the background of video calls. */\n"
    with tarfile.open(paths.DOWNLOADS / result.stdout.split()[-1]) as archive:
        member = archive.extractfile("package/selfie_segmentation.js")
        return member.read() if member else b""
