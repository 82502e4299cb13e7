"""The database that single tests run in: kept in the checkout and changed as little as the files
ask for.

Full runs start from a template that was installed from these very files (`templates`). Here only
what changed is updated, which leaves behind what an update leaves behind: computed values that an
older code stored, for example. `FRESH=1` makes the database anew.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from . import code_outline, databases, paths, stamps, templates
from .console import SetupError, say

NAME = "ecm_development"


@dataclass(frozen=True)
class State:
    """Digests of the files that the database was made from."""

    content: str  # every file: equal means that nothing is to be done
    release: str = ""  # Odoo and the add-ons of others
    installed: dict[str, str] = field(default_factory=dict)  # per module: read by installing only
    updated: dict[str, str] = field(default_factory=dict)  # per module: read by updating as well


@dataclass(frozen=True)
class Plan:
    """What brings the database from one state to another."""

    rebuild: bool = False
    install: tuple[str, ...] = ()
    update: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.rebuild or bool(self.install or self.update)


REBUILD = Plan(rebuild=True)


def new_database(name: str) -> None:
    """Copy the development database, after it has followed the files.

    Tests get a copy because some of them commit.
    """
    with templates.lock():
        _follow_files()
        databases.drop(name)
        databases.clone(NAME, name)


def make_plan(old: State | None, new: State) -> Plan:
    """Update the modules that changed; Odoo adds those that depend on them."""
    if old and old.content == new.content:
        return Plan()
    if not old or old.release != new.release:
        return REBUILD
    # Demo data, hooks and records that updates leave alone come with an installation only.
    if not _holds_all(new.installed, old.installed):
        return REBUILD
    added = set(new.updated) - set(old.updated)
    changed = _changed(old.updated, new.updated)
    return Plan(install=tuple(sorted(added)), update=tuple(changed))


def _holds_all(new: dict[str, str], old: dict[str, str]) -> bool:
    """Whether every module is still there with the same digest."""
    return old.items() <= new.items()


def _changed(old: dict[str, str], new: dict[str, str]) -> list[str]:
    return [module for module, digest in old.items() if new[module] != digest]


def read_state() -> State:
    """The state of the files as they are now."""
    files = _files_that_matter()
    release = stamps.digest(templates.release_files())
    parts: list[str | Path] = [release]
    for found in files.values():
        parts += _names_and_contents(found)
    content = stamps.digest(parts)

    # Parsing all Python takes a second; reading it does not.
    known = _load_state()
    if known and known.content == content:
        return known
    return _describe(content, release, files)


def _files_that_matter() -> dict[str, list[Path]]:
    files = {}
    for module in paths.all_modules():
        found = templates.installed_files(module)
        files[module] = [file for file in found if _matters(file)]
    return files


def _describe(content: str, release: str, files: dict[str, list[Path]]) -> State:
    outlines = _read_outlines(files)
    state = State(content, release)
    for module, found in files.items():
        once: list[str | Path] = []
        always: list[str | Path] = []
        for file in found:
            part = outlines.get(file, file)
            kind = once if _is_read_once(file) else always
            kind += [_name(file), part]
        state.installed[module] = stamps.digest(once)
        state.updated[module] = stamps.digest(always)
    return state


def _read_outlines(files: dict[str, list[Path]]) -> dict[Path, str]:
    python: list[Path] = []
    for found in files.values():
        python += [file for file in found if file.suffix == ".py"]
    return code_outline.outlines(python, paths.ROOT)


def _names_and_contents(files: Iterable[Path]) -> list[str | Path]:
    parts: list[str | Path] = []
    for file in files:
        parts += [_name(file), file]
    return parts


def _name(file: Path) -> str:
    return str(file.relative_to(paths.ROOT))


def _folders(file: Path) -> tuple[str, ...]:
    return file.relative_to(paths.ROOT).parts


def _matters(file: Path) -> bool:
    """Whether an installation reads it; a bundle of static files is made while the server runs."""
    return "static" not in _folders(file)


def _is_read_once(file: Path) -> bool:
    if file.name == "hooks.py" or "demo" in _folders(file):
        return True
    return file.suffix == ".xml" and b"noupdate" in file.read_bytes()


def _follow_files() -> None:
    state = read_state()
    old = _load_state() if _can_be_kept() else None
    plan = make_plan(old, state)
    if plan and not _can_update(plan):
        _rebuild()
    if state != old:
        _save_state(state)


def _can_be_kept() -> bool:
    return databases.exists(NAME) and not os.environ.get("FRESH")


def _can_update(plan: Plan) -> bool:
    """Whether the plan was carried out; a copy of a ready template is quicker and exact."""
    if plan.rebuild or templates.is_made(templates.TEST):
        return False
    return _update(plan)


def _update(plan: Plan) -> bool:
    """Whether Odoo could go from the old modules to the new ones; if not, nothing is lost."""
    # Without a state the next run begins anew, should this one die half-way.
    paths.DEVELOPMENT_STATE.unlink()
    options: list[str] = []
    if plan.install:
        options += ["-i", ",".join(plan.install), "--with-demo"]
    if plan.update:
        options += ["-u", ",".join(plan.update)]
    names = ", ".join([*plan.install, *plan.update])
    log = paths.LOGS / f"{NAME}.log"
    try:
        templates.change_modules(f"Updating {names}", log, NAME, *options)
    except SetupError as error:
        reason = str(error).splitlines()[0]
        say(f"{reason}: installing instead.")
        return False
    templates.silence_calls_home(NAME)
    return True


def _rebuild() -> None:
    template = templates.ensure(templates.TEST)
    databases.drop(NAME)
    databases.clone(template, NAME)


def _load_state() -> State | None:
    if not paths.DEVELOPMENT_STATE.is_file():
        return None
    values = json.loads(paths.DEVELOPMENT_STATE.read_text())
    return State(**values)


def _save_state(state: State) -> None:
    text = json.dumps(asdict(state))
    paths.DEVELOPMENT_STATE.write_text(text)
