"""Static checks: `make lint`. Each prints only what it finds."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import odoo_source, paths
from .console import say
from .counts import Count, failure

# The checks of Odoo's own test_lint module that are pylint plug-ins, with its options.
ODOO_MESSAGES = (
    "used-before-assignment,undefined-variable,eval-used,unreachable,function-redefined,sql-injection,"
    "missing-gettext,gettext-variable,gettext-placeholders,gettext-repr,raise-unlink-override"
)
ODOO_PLUGINS = "_odoo_checker_sql_injection,_odoo_checker_gettext,_odoo_checker_unlink_override"
PYTHON_TOOLS = paths.VENV / "bin"
COMPOSE = "docker/compose.yaml"
# What ESLint and Prettier look at, but for what .prettierignore names.
JAVASCRIPT = ("eslint.config.mjs", "*/static/**/*.js")
LAID_OUT = (*JAVASCRIPT, "*.json", "*/**/*.xml")


@dataclass(frozen=True)
class Check:
    """One tool over the whole checkout."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    tools: Path = PYTHON_TOOLS

    def run(self) -> Count:
        """Run the tool; what it found is printed."""
        # Quiet while all is well: what they say otherwise would bury the findings.
        result = subprocess.run(
            [str(self.tools / self.command[0]), *self.command[1:]],
            cwd=paths.ROOT,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        silent = f"{self.command[0]} ended with code {result.returncode}"
        return report(self.name, (result.stdout or silent) if result.returncode else "")


def checks() -> Iterator[Check]:
    """All checks that have something to look at."""
    yield Check("ruff", ["ruff", "check", "."])
    yield Check("ruff format", ["ruff", "format", "--check", "."])
    yield Check("mypy", ["mypy", *typed_folders()])
    schema = "vendor.compose-spec"
    yield Check("compose", ["check-jsonschema", "--builtin-schema", schema, COMPOSE])

    # pylint takes as long as all the others together, and minutes where a module is new to it.
    modules = paths.all_modules()
    if modules:
        yield Check("pylint-odoo", ["pylint", "--score=n", *modules])
        yield _odoo_pylint(modules)

    node = paths.NODE_TOOLS
    yield Check("eslint", ["eslint", *JAVASCRIPT], tools=node)
    yield Check("prettier", ["prettier", "--check", *LAID_OUT], tools=node)


def typed_folders() -> list[str]:
    """Folders whose code is typed: all that does not need Odoo to run."""
    folders: list[Path] = []
    for pattern in ("scripts", "simulators", "benchmarks", "*/tools", "*/clients"):
        folders += sorted(paths.ROOT.glob(pattern))
    # Folders of static files may have such a name, too.
    names = []
    for folder in folders:
        if any(folder.rglob("*.py")):
            name = folder.relative_to(paths.ROOT)
            names.append(str(name))
    return names


def _odoo_pylint(modules: list[str]) -> Check:
    plugins = next(
        folder / "test_lint" / "tests"
        for folder in odoo_source.addons_folders()
        if _has_lint(folder)
    )
    # Our settings in pyproject.toml are for pylint-odoo: here Odoo's own count.
    options = [
        f"--rcfile={os.devnull}",
        "--disable=all,useless-option-value",
        f"--enable={ODOO_MESSAGES}",
    ]
    command = [
        "pylint",
        "--score=n",
        "--jobs=2",
        *options,
        f"--load-plugins={ODOO_PLUGINS}",
        *modules,
    ]
    return Check("Odoo's pylint checks", command, {"PYTHONPATH": str(plugins)})


def _has_lint(folder: Path) -> bool:
    return (folder / "test_lint").is_dir()


def report(name: str, findings: str) -> Count:
    """Print and count one check, which failed when it found something."""
    say(f"  {name}: {'failed' if findings else 'ok'}")
    if findings:
        say(findings)
        return failure(name)
    return Count(passed=1)


def run() -> Count:
    """Run all checks."""
    return sum((check.run() for check in checks()), Count())


def format_all() -> None:
    """Lay all files out, and mend what the linters can mend themselves."""
    # The layout comes after the mending, which leaves lines as they fall.
    _change_files("ruff", "check", "--fix", "--quiet", ".")
    _change_files("ruff", "format", ".")
    _change_files("eslint", "--fix", *JAVASCRIPT, tools=paths.NODE_TOOLS)
    options = ("--write", "--log-level=warn")
    _change_files("prettier", *options, *LAID_OUT, tools=paths.NODE_TOOLS)


def _change_files(tool: str, *arguments: str, tools: Path = PYTHON_TOOLS) -> None:
    command = [str(tools / tool), *arguments]
    subprocess.run(command, cwd=paths.ROOT, check=False)


def main() -> None:
    """Command line: `--format` changes files instead of checking them."""
    if sys.argv[1:] == ["--format"]:
        format_all()
        return
    raise SystemExit(1 if run().failed else 0)


if __name__ == "__main__":
    main()
