"""The commands of docs/operations, read from the pages and run on a stranger's server."""

import configparser
import re

import pytest

from scripts import databases, paths, templates

from .conftest import STEPS
from .pages import blocks, commands
from .remains import find_remains

PAGES = sorted(path.name for path in (paths.ROOT / "docs" / "operations").glob("*.md"))
QUERIES = [(page, query) for page in PAGES for query in blocks(f"docs/operations/{page}", "sql")]
# What stands for Odoo's own Python in every page.
PYTHON = "/opt/odoo-venv/bin/python3 /usr/bin/odoo"
LOG = "/var/log/odoo/odoo.log"


def run_page(stranger, page, heading=""):
    """All commands of a page; none may have Odoo log a warning."""
    for line in commands(f"docs/operations/{page}", heading):
        stranger.run(line)
    assert not templates.log_problems(stranger.path(LOG))


@pytest.mark.parametrize("page", ["service.md", "proxy.md", "security.md"])
def test_the_commands_of_a_page_run(stranger, page):
    run_page(stranger, page)


def test_an_upgrade_runs(stranger):
    run_page(stranger, "upgrade.md")


def test_backup_restore_and_uninstallation_run(stranger):
    """What is restored is neutralised, and then has nothing of the suite any more."""
    folder = stranger.path("/var/lib/odoo/filestore/campaigns")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kept").write_text("a file")
    run_page(stranger, "backup.md")
    copy = f"{stranger.database}_test"
    assert (folder.with_name(copy) / "kept").read_text() == "a file"
    assert find_remains(copy)

    [uninstall] = commands("docs/operations/install.md", "## Uninstall")
    stranger.run(uninstall.replace("-d campaigns", "-d campaigns_test"))
    assert find_remains(copy) == {}
    assert not templates.log_problems(stranger.path(LOG))


@pytest.mark.parametrize(("page", "query"), QUERIES, ids=lambda value: value[:24])
def test_a_query_finds_nothing_where_all_is_well(stranger, page, query):
    with databases.connect(stranger.database) as cursor:
        # Nothing has run here for as long as the tests before took.
        cursor.execute("UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC'")
        cursor.execute(query)
        assert cursor.fetchall() == [], page


def test_the_units_start_odoo_as_the_readme_does():
    drop_in, watchdog = [read_unit(text) for text in blocks("docs/operations/service.md", "ini")]
    assert drop_in["Service"]["ExecStart"] == STEPS[-1]
    assert drop_in["Service"]["Restart"] == "always"
    program = re.search(r"/opt/outbound-campaigns/(\S+)", watchdog["Service"]["ExecStart"])
    assert (paths.ROOT / program[1]).is_file()


def read_unit(text):
    """A unit's sections; a setting that is given twice has its last value."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read_string(text)
    return parser


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_odoo_is_started_alike(page):
    for line in commands(f"docs/operations/{page}"):
        if "/usr/bin/odoo" in line:
            assert line.startswith(f"{PYTHON} ")
            assert " -c /etc/odoo/odoo.conf" in line
