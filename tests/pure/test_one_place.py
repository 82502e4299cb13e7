"""A view and a model each stand in one place: no module extends a view or a model of its own, so
that what holds can be read in one file. A concern that deserves a file of its own is a mixin with a
name.
"""

import ast
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import paths

ONE_CLASS_EACH = """\
class Mixin:
    _name = "mixin"

class Thing:
    _name = "thing"
    _inherit = ["mixin", "mail.thread"]

class Partner:
    _inherit = "res.partner"
"""

TWINS = """\
class Mixin:
    _name = "first.mixin"

    def stop(self): pass

class Second:
    _name = "second.mixin"

    def stop(self): pass

class Thing:
    _name = "thing"
    _inherit = ["first.mixin", "second.mixin"]

    def go(self): pass

    @property
    def color(self): pass

    @color.setter
    def color(self, value): pass

    def go(self): pass
"""

EXTENDED_VIEW = """\
<odoo>
    <record id="thing_view_form" model="ir.ui.view" />
    <record id="thing_view_form_more" model="ir.ui.view">
        <field name="inherit_id" ref="{parent}" />
    </record>
    <template id="page" inherit_id="{parent}" />
</odoo>
"""


@pytest.mark.parametrize("module", paths.all_modules())
def test_no_view_inherits_a_view_of_its_own_module(module):
    assert not list(find_inherited_views(paths.ROOT / module))


@pytest.mark.parametrize("module", paths.all_modules())
def test_a_model_has_one_class_in_a_module(module):
    assert not find_extended_models(paths.ROOT / module)


@pytest.mark.parametrize("module", paths.all_modules())
def test_no_class_defines_a_name_twice(module):
    assert not list(find_twins(paths.ROOT / module))


@pytest.mark.parametrize("module", paths.all_modules())
def test_the_parts_of_a_model_define_different_names(module):
    """Of two mixins of one model, the one that comes first hides what the other defines."""
    assert not list(find_hidden(paths.ROOT / module))


def test_twins_are_found(tmp_path):
    folder = write(tmp_path / "things/models/thing.py", TWINS)
    assert list(find_twins(folder)) == ["Thing.go"]
    assert list(find_hidden(folder)) == ["thing: stop"]


@pytest.mark.parametrize("parent", ["thing_view_form", "things.thing_view_form"])
def test_inherited_views_are_found(tmp_path, parent):
    folder = write(tmp_path / "things/views/a/thing.xml", EXTENDED_VIEW.format(parent=parent))
    assert list(find_inherited_views(folder)) == ["thing_view_form_more", "page"]


def test_views_of_other_modules_may_be_inherited(tmp_path):
    folder = write(tmp_path / "things/views/thing.xml", EXTENDED_VIEW.format(parent="base.form"))
    assert not list(find_inherited_views(folder))


@pytest.mark.parametrize(
    "extension", ["_inherit = 'thing'", "_name = 'thing'\n    _inherit = ['thing', 'mixin']"]
)
def test_extended_models_are_found(tmp_path, extension):
    write(tmp_path / "things/models/thing.py", "class Thing:\n    _name = 'thing'\n")
    folder = write(tmp_path / "things/models/more.py", f"class Thing:\n    {extension}\n")
    assert set(find_extended_models(folder)) == {"thing"}


def test_mixins_and_models_of_other_modules_are_not_found(tmp_path):
    folder = write(tmp_path / "things/models/thing.py", ONE_CLASS_EACH)
    assert not find_extended_models(folder)


def write(path: Path, text: str) -> Path:
    """Write a file of the module `things`.

    :return: the module's folder
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return next(folder for folder in path.parents if folder.name == "things")


def find_inherited_views(module: Path) -> Iterator[str]:
    """XML ids of the module's views that inherit a view of the same module."""
    for path in sorted(module.rglob("*.xml")):
        for view in ElementTree.parse(path).getroot().iter():
            parent = get_parent_view(view)
            # An id without a module is one of the module that the file belongs to.
            if parent and parent.rpartition(".")[0] in ("", module.name):
                yield view.get("id", "")


def get_parent_view(element: ElementTree.Element) -> str | None:
    """The XML id that a `<template>` or a view's `<record>` inherits, as it is written there."""
    if element.tag == "template":
        return element.get("inherit_id")
    field = element.find("field[@name='inherit_id']") if element.tag == "record" else None
    return field.get("ref") if field is not None else None


def find_extended_models(module: Path) -> dict[str, list[str]]:
    """Models that more than one class of the module declares or extends, with the files."""
    places = defaultdict(list)
    for path in sorted(module.rglob("*.py")):
        for model in get_models(path):
            places[model].append(str(path.relative_to(module)))
    return {model: files for model, files in places.items() if len(files) > 1}


def get_models(path: Path) -> Iterator[str]:
    """Names of the models that a file's classes declare or extend."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            values = get_model_attributes(node)
            inherited = values.get("_inherit")
            if "_name" in values:
                yield values["_name"]
            elif isinstance(inherited, str):
                yield inherited


def get_model_attributes(node: ast.ClassDef) -> dict:
    """Values of `_name` and `_inherit`, where the class has them."""
    values = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            name = ast.unparse(statement.targets[0])
            if name in ("_name", "_inherit"):
                values[name] = ast.literal_eval(statement.value)
    return values


def get_classes(module: Path) -> Iterator[ast.ClassDef]:
    """All classes of a module, those of tests as well."""
    for path in sorted(module.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield node


def get_methods(node: ast.ClassDef) -> list[ast.FunctionDef]:
    """Methods in the order in which they stand; what completes a property or is one of several
    signatures is no definition of its own.
    """
    methods = []
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            decorators = [ast.unparse(each) for each in statement.decorator_list]
            if not any(each.endswith((".setter", "overload")) for each in decorators):
                methods.append(statement)
    return methods


def find_twins(module: Path) -> Iterator[str]:
    """Methods that one class defines twice: the first is never called."""
    for node in get_classes(module):
        counts = Counter(method.name for method in get_methods(node))
        for name, count in counts.items():
            if count > 1:
                yield f"{node.name}.{name}"


def find_hidden(module: Path) -> Iterator[str]:
    """Methods of a model's parts that another part hides, and that it does not go on to."""
    defined, parts = {}, {}
    for node in get_classes(module):
        values = get_model_attributes(node)
        if isinstance(values.get("_name"), str):
            defined[values["_name"]] = {method.name: method for method in get_methods(node)}
            inherited = values.get("_inherit", ())
            parts[values["_name"]] = [inherited] if isinstance(inherited, str) else inherited

    for model, names in parts.items():
        seen = {}
        for part in names:
            for name, method in defined.get(part, {}).items():
                # What the model defines itself says what holds.
                is_hidden = name in seen and name not in defined[model]
                if is_hidden and "super()" not in ast.unparse(seen[name]):
                    yield f"{model}: {name}"
                seen.setdefault(name, method)
