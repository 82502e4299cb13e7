"""When the database of single tests follows a changed file, and how."""

import textwrap
from pathlib import Path

import pytest

from scripts import code_outline, dev_database
from scripts.dev_database import Plan, State, make_plan

OLD = State("1", "odoo", {"a": "a1", "b": "b1"}, {"a": "a2", "b": "b2"})
MODEL = """\
    class Campaign(models.Model):
        _name = "ecm.campaign"

        name = fields.Char(default=_default_name, size=MAXIMUM)

        def action_start(self):
            return self._start()

        def init(self):
            self._create_index("x")

        def _create_index(self, name):
            self.env.cr.execute(name)

    def _default_name():
        return _prefix() + "1"

    def _prefix():
        return "C"
    """


def outline(root, text, name="models/campaign.py"):
    file = root / "module" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(text))
    return code_outline.outlines([file], root)[file]


@pytest.mark.parametrize(
    ("found", "by"),
    [
        ("return self._start()", "return None"),
        ("def action_start", "def action_begin"),
        ("        def init", "        # why\n        def init"),
    ],
)
def test_behaviour_alone_needs_no_update(tmp_path, found, by):
    assert outline(tmp_path, MODEL) == outline(tmp_path, MODEL.replace(found, by))


@pytest.mark.parametrize(
    ("found", "by"),
    [
        ("size=MAXIMUM", "size=5"),
        ("execute(name)", "execute(name.lower())"),  # called by init
        ('return "C"', 'return "D"'),  # called by the default
    ],
)
def test_what_runs_at_import_or_update_needs_one(tmp_path, found, by):
    assert outline(tmp_path, MODEL) != outline(tmp_path, MODEL.replace(found, by))


def test_code_that_may_be_of_any_kind_counts_as_it_stands(tmp_path):
    text = "class Field:\n    def column_type(self):\n        return 'int4'\n"
    changed = text.replace("int4", "int8")
    assert outline(tmp_path, text, "fields.py") != outline(tmp_path, changed, "fields.py")


def test_equal_files_need_nothing():
    assert not make_plan(OLD, OLD)


def test_only_changed_modules_are_updated_and_new_ones_installed():
    changed = {"a": "a2", "b": "other"}
    assert make_plan(OLD, State("2", "odoo", OLD.installed, changed)) == Plan(update=("b",))
    added = State("2", "odoo", {**OLD.installed, "c": "c1"}, {**OLD.updated, "c": "c2"})
    assert make_plan(OLD, added) == Plan(install=("c",))


def test_a_changed_body_leaves_the_database_alone():
    assert not make_plan(OLD, State("2", "odoo", OLD.installed, OLD.updated))


@pytest.mark.parametrize(
    "new",
    [
        State("2", "other", OLD.installed, OLD.updated),
        State("2", "odoo", {"a": "a1", "b": "other demo data"}, OLD.updated),
        State("2", "odoo", {"a": "a1"}, {"a": "a2"}),
    ],
    ids=["another Odoo", "demo data", "a module is gone"],
)
def test_what_an_update_cannot_do_needs_a_new_database(new):
    assert make_plan(OLD, new) == make_plan(None, new) == Plan(rebuild=True)


def test_tests_and_static_files_are_no_reason(monkeypatch):
    root = dev_database.paths.ROOT
    files = [root / "ecm_campaign" / name for name in ("static/a.js", "demo/a.csv", "hooks.py")]
    assert [dev_database._matters(file) for file in files] == [False, True, True]
    found = dev_database.templates.installed_files("ecm_campaign")
    assert not [file for file in found if "tests" in Path(file).parts[:-1]]
    assert root / "ecm_campaign" / "__manifest__.py" in found
