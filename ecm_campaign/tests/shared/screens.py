import re
from contextlib import contextmanager
from unittest.mock import patch

from lxml import etree

from odoo.http import request
from odoo.tools.safe_eval import safe_eval

from odoo.addons.web.controllers import dataset

# Of so many records of a model those are opened that show its buttons.
RECORDS_LOOKED_AT = 80
MODIFIERS = {"1": "True", "0": "False"}
NAME = re.compile(r"[a-z_][a-z0-9_]*")


class _Undo(Exception):
    """What a button did is taken back."""


def get_forms(env, pressed=()):
    """What a role is to open: of each model the records that show all buttons, and a new one.

    :param pressed: ``(model, button name)`` that weaker roles have pressed
    :return: forms as ``walk`` takes them, and the buttons that no record shows, as ``pressed``
    """
    forms, hidden = [], set()
    for name in sorted(env.registry):
        model = env[name]
        if _has_form(model):
            known = {button for of_model, button in pressed if of_model == name}
            found, missing = _get_forms_of(model, known)
            forms += found
            hidden.update((name, button) for button in missing)
    return forms, hidden


def get_pressed(forms):
    """:return: set of ``(model, button name)``"""
    return {(form["model"], name) for form in forms for name in form["names"]}


def _has_form(model):
    is_ours = model._name.startswith("ecm.") and not model._abstract and not model._transient
    if not is_ours or not model.has_access("read"):
        return False
    views = model.env["ir.ui.view"].sudo()
    return bool(views.search_count([("model", "=", model._name), ("type", "=", "form")], limit=1))


def _get_forms_of(model, known):
    """:return: forms of one model, and names of the buttons that no record shows"""
    arch = etree.fromstring(model.get_views([(False, "form")])["views"]["form"]["arch"])
    # What stands in the rows of a field belongs to another model.
    buttons = arch.xpath("//button[@name][not(ancestor::field)]")
    missing = {button.get("name") for button in buttons} - known
    forms = []
    if model.has_access("create") and arch.get("create") not in ("0", "false"):
        forms.append(_make_form(model))

    # Of the first record the form is looked at, also where it has no button.
    records = model.with_context(active_test=False).search([], limit=RECORDS_LOOKED_AT)
    for place, record in enumerate(records):
        visible = {button.get("name") for button in buttons if _is_shown(button, record)}
        if not place or visible & missing:
            forms.append(_make_form(record, visible & missing))
            missing -= visible
    return forms, missing


def _make_form(record, names=()):
    return {"model": record._name, "id": record.id, "names": sorted(names)}


def _is_shown(button, record):
    """Whether neither the button nor what it stands in is invisible."""
    expressions = button.xpath("ancestor-or-self::*/@invisible")
    return not any(_evaluate(expression, record) for expression in expressions)


def _evaluate(expression, record):
    names = set(NAME.findall(expression)) & set(record._fields)
    values = {name: _get_value(record, name) for name in names}
    return safe_eval(MODIFIERS.get(expression, expression), {"context": {}, **values})


def _get_value(record, name):
    field = record._fields[name]
    if field.type in ("one2many", "many2many"):
        return record[name].ids
    return record[name].id if field.type == "many2one" else record[name]


@contextmanager
def taking_back():
    """What a button of a form does is taken back as soon as it has answered, unless it opens a
    record that it has made. A download is not begun.
    """
    call = dataset.call_kw

    def call_and_take_back(model, name, args, kwargs):
        if "/call_button" not in request.httprequest.path:
            return call(model, name, args, kwargs)
        result = None
        try:
            with model.env.cr.savepoint():
                result = call(model, name, args, kwargs)
                if not _opens_record(result):
                    raise _Undo
        except _Undo:
            model.env.invalidate_all(flush=False)
        return False if _is_download(result) else result

    with patch.object(dataset, "call_kw", call_and_take_back):
        yield


def _opens_record(result):
    return isinstance(result, dict) and bool(result.get("res_id"))


def _is_download(result):
    return isinstance(result, dict) and result.get("type") == "ir.actions.act_url"
