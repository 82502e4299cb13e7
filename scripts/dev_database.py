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


def new_database(name: str) -> None:
    """Copy the development database, after it has followed the files."""
    with templates.lock():
        _follow_files()
        databases.drop(name)
        databases.clone(NAME, name)


def make_plan(old: State | None, new: State) -> Plan:
    """Update the modules that changed; Odoo adds those that depend on them."""
    if old and old.content == new.content:
        return Plan()
    if not old or old.release != new.release or not set(old.updated) <= set(new.updated):
        return Plan(rebuild=True)
    # Demo data, hooks and records that updates leave alone come with an installation only.
    if any(new.installed[module] != digest for module, digest in old.installed.items()):
        return Plan(rebuild=True)
    added = [module for module in new.updated if module not in old.updated]
    changed = [module for module, digest in old.updated.items() if new.updated[module] != digest]
    return Plan(install=tuple(added), update=tuple(changed))


def read_state() -> State:
    """The state of the files as they are now."""
    files = {module: templates.installed_files(module) for module in paths.all_modules()}
    every_file = [file for found in files.values() for file in found if _matters(file)]
    release = stamps.digest(templates.release_files())
    content = stamps.digest([release, *_name_and_content(every_file)])
    known = _load_state()
    if known and known.content == content:
        return known
    return _describe(content, release, files)


def _describe(content: str, release: str, files: dict[str, list[Path]]) -> State:
    every_file = [file for found in files.values() for file in found]
    python = [file for file in every_file if file.suffix == ".py"]
    outlines = code_outline.outlines(python, paths.ROOT)
    state = State(content, release)
    for module, found in files.items():
        relevant = [file for file in found if _matters(file)]
        once = [file for file in relevant if _is_read_once(file)]
        state.installed[module] = stamps.digest(_name_and_content(once))
        parts: list[str | Path] = []
        for file in relevant:
            if file not in once:
                parts += [_name(file), outlines.get(file, file)]
        state.updated[module] = stamps.digest(parts)
    return state


def _name_and_content(files: Iterable[Path]) -> list[str | Path]:
    parts: list[str | Path] = []
    for file in files:
        parts += [_name(file), file]
    return parts


def _name(file: Path) -> str:
    return str(file.relative_to(paths.ROOT))


def _matters(file: Path) -> bool:
    """Whether an installation reads it; a bundle of static files is made while the server runs."""
    return "static" not in file.relative_to(paths.ROOT).parts


def _is_read_once(file: Path) -> bool:
    is_data = file.suffix == ".xml" and b"noupdate" in file.read_bytes()
    return is_data or file.name == "hooks.py" or "demo" in file.relative_to(paths.ROOT).parts


def _follow_files() -> None:
    state = read_state()
    old = _load_state() if databases.exists(NAME) and not os.environ.get("FRESH") else None
    plan = make_plan(old, state)
    if plan and not plan.rebuild and not templates.is_made(templates.TEST) and _update(plan):
        _save_state(state)
    elif plan:
        _rebuild()
        _save_state(state)
    elif state != old:
        _save_state(state)


def _update(plan: Plan) -> bool:
    """Whether Odoo could go from the old modules to the new ones; if not, nothing is lost."""
    paths.DEVELOPMENT_STATE.unlink()
    options = ["-i", ",".join(plan.install), "--with-demo"] if plan.install else []
    if plan.update:
        options += ["-u", ",".join(plan.update)]
    label = f"Updating {', '.join([*plan.install, *plan.update])}"
    try:
        templates.change_modules(label, paths.LOGS / f"{NAME}.log", NAME, *options)
    except SetupError as error:
        say(f"{str(error).splitlines()[0]}: installing instead.")
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
    return State(**json.loads(paths.DEVELOPMENT_STATE.read_text()))


def _save_state(state: State) -> None:
    paths.DEVELOPMENT_STATE.write_text(json.dumps(asdict(state)))
