import csv
import inspect
from collections import defaultdict
from functools import partial
from pathlib import Path
from unittest.mock import patch

from odoo import http
from odoo.exceptions import AccessError
from odoo.models import MAGIC_COLUMNS, BaseModel
from odoo.modules.module import get_module_path
from odoo.tools import mute_logger

from .common import CampaignCase

ROLES = ("none", "agent", "supervisor", "administrator")
OPERATIONS = (("c", "create"), ("r", "read"), ("u", "write"), ("d", "unlink"))
LOUD = ("odoo.models", "odoo.orm.models", "odoo.addons.base.models.ir_rule", "odoo.sql_db")


class AllowedCase(CampaignCase):
    """Everything that a role can reach in one module, compared with what somebody has allowed.

    ``tests/allowed.csv`` of the module has a row for each model, field, method and route:

    - ``model``: what the rights say, of create, read, update, delete
    - ``company``: whose records a role sees: ``own``, ``own and shared``, or ``all``
    - ``field``: ``w`` where a role may write it, ``f`` where it gives it once, ``h`` where it
      reads the record, but not this
    - ``method``: ``x`` where the call gets beyond the access check, ``a`` where it only says which
      screen to open
    - ``route``: who is asked for

    What is not listed fails: whoever adds it thinks about who may, and adds the line.
    """

    addon = None
    # Modules of the suite that it builds on: its own models take fields and methods from them.
    below = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {role: cls.create_user(role) for role in ROLES[1:]}
        cls.users["none"] = cls.env["res.users"].create({"name": "No role", "login": "ecm_none"})
        cls._make_records()

    @classmethod
    def _make_records(cls):
        """One of each model whose methods are tried, where the demo data has none."""

    def check_everything(self):
        """:raise AssertionError: with the rows that are not in the list, and those that are over"""
        listed = set(self._read_list())
        found = set(self._walk())
        message = "\n".join(
            [
                "",
                *(f"is not listed: {','.join(row)}" for row in sorted(found - listed)),
                *(f"is not there:  {','.join(row)}" for row in sorted(listed - found)),
            ]
        )
        self.assertEqual(found, listed, message)

    def check_foreign_company(self):
        """:raise AssertionError: another company's administrator finds what is not hers"""
        foreign = self._create_foreigner()
        for model in self._get_models_of_companies():
            found = model.with_user(foreign).search([]).sudo()
            if self._get_scope(model) == "own":
                self.assertFalse(found, model._name)
            elif "company_id" in model._fields:
                self.assertFalse(found.company_id, model._name)

    def check_foreign_methods(self):
        """:raise AssertionError: another company's administrator calls a method of what is not hers,
        or a wizard takes it
        """
        foreign, reached = self._create_foreigner(), []
        for model in self._get_models_of_companies():
            hidden = self._get_hidden(model, foreign)
            for name in sorted(self._get_public_methods(model)):
                # Those of the model itself are about no record.
                if getattr(getattr(type(model), name), "_api_model", False):
                    continue
                self.assertTrue(hidden, f"Make a {model._name} to try its methods on.")
                if what := self._reach(partial(hidden.with_user, foreign), name):
                    reached.append(f"{model._name}.{name}: {what}")
        reached += self._find_wizards_with_hidden(foreign)
        self.assertFalse(reached, "\n".join(["", *reached]))

    def _find_wizards_with_hidden(self, foreign):
        """Methods that work when a wizard was given another company's record."""
        for wizard in filter(self._is_own, self._get_models()):
            if not wizard._transient:
                continue
            for name, field in wizard._fields.items():
                hidden = self._get_hidden_of(field, foreign)
                if not hidden:
                    continue
                value = hidden.id if field.type == "many2one" else [(6, 0, hidden.ids)]
                values = {**self._get_needed(wizard.with_user(foreign)), name: value}
                for method in sorted(self._get_public_methods(wizard)):
                    make = partial(wizard.with_user(foreign).create, values)
                    if what := self._reach(make, method):
                        yield f"{wizard._name}({name}).{method}: {what}"

    def _reach(self, make, name):
        """Call a method of a record that must not be reached.

        :param make: returns the record; it may refuse to
        :return: what came of it, False where it was refused, or only says which screen to open
        """
        made = False
        try:
            with mute_logger(*LOUD), self.env.cr.savepoint(), _nothing_leaves():
                method = getattr(make(), name)
                made = True
                raise _Reached(method(*_get_arguments(method)))
        except AccessError:
            return False
        except _Reached as reached:
            return not _opens_screen(reached.args[0]) and repr(reached.args[0])
        except Exception as error:  # noqa: BLE001
            # Odoo's own check of companies may have refused the record.
            return made and repr(error)
        finally:
            self.env.invalidate_all(flush=False)

    def _get_hidden_of(self, field, foreign):
        """What a field of a wizard could hold and must not."""
        is_given = field.type in ("many2one", "many2many") and not field.readonly
        if not is_given or field.related:
            return None
        model = self.env[field.comodel_name]
        is_of_suite = model._original_module in (self.addon, *self.below)
        if not is_of_suite or model._transient or self._get_scope(model) == "all":
            return None
        return self._get_hidden(model, foreign)

    def _get_needed(self, wizard):
        """Values without which a wizard cannot be made, of the foreigner's own."""
        given, needed = wizard.default_get(list(wizard._fields)), {}
        for name, field in wizard._fields.items():
            if not (field.required and field.store) or given.get(name):
                continue
            if field.comodel_name == "ir.attachment":
                needed[name] = wizard.env["ir.attachment"].create({"name": "x.csv"}).id
            elif field.type == "many2one":
                needed[name] = wizard.env[field.comodel_name].search([], limit=1).id
            elif field.type in ("char", "text"):
                needed[name] = "x"
        return needed

    def _create_foreigner(self):
        company = self.env["res.company"].create({"name": "Foreign company"})
        return self.create_user(
            "administrator",
            login="ecm_foreign",
            company_ids=[(6, 0, company.ids)],
            company_id=company.id,
        )

    def _get_models_of_companies(self):
        """The module's models of which each company has its own records."""
        for model in filter(self._is_own, self._get_models()):
            if not model._transient and self._get_scope(model) != "all":
                yield model

    def _get_hidden(self, model, foreign):
        """A record that the foreigner must not reach, if there is one."""
        seen = model.with_user(foreign).with_context(active_test=False).search([])
        every = model.sudo().with_context(active_test=False).search([], limit=1 + len(seen))
        return (every - seen.sudo())[:1]

    def _read_list(self):
        path = Path(get_module_path(self.addon)) / "tests" / "allowed.csv"
        with path.open(newline="") as file:
            return [tuple(row) for row in csv.reader(file)]

    def _walk(self):
        for model in self._get_models():
            yield from self._walk_model(model)
            yield from self._walk_fields(model)
            yield from self._walk_methods(model)
        yield from self._walk_routes()

    def _get_models(self):
        """All models with records: the module adds to some that are not its own."""
        models = [self.env[name] for name in sorted(self.env.registry)]
        return [model for model in models if not model._abstract and self._concerns(model)]

    def _concerns(self, model):
        """Whether the model is no later module's, which answers for it itself."""
        is_of_suite = model._original_module.startswith(("ecm_", "test_ecm_"))
        return not is_of_suite or model._original_module in (self.addon, *self.below)

    def _is_own(self, model):
        return model._original_module == self.addon

    def _get_addons(self, model):
        """Modules of the suite whose part in a model this module answers for."""
        return {self.addon, *(self.below if self._is_own(model) else ())}

    # -- rights -----------------------------------------------------------------------------------

    def _walk_model(self, model):
        if not self._is_own(model):
            return
        rights = [self._get_rights(model.with_user(self.users[role])) for role in ROLES]
        yield ("model", model._name, "", *rights)
        if not model._transient:
            yield ("company", model._name, self._get_scope(model))

    def _get_rights(self, model):
        return "".join(letter for letter, mode in OPERATIONS if model.has_access(mode)) or "-"

    def _get_scope(self, model):
        """Whose records an administrator of the suite sees."""
        rules = self.env["ir.rule"].with_user(self.users["administrator"])
        domains = [rule.domain_force for rule in rules._get_rules(model._name, "read").sudo()]
        own = [domain for domain in domains if "company_id" in domain]
        if not own:
            return "all"
        return "own and shared" if all("False" in domain for domain in own) else "own"

    # -- fields -----------------------------------------------------------------------------------

    def _walk_fields(self, model):
        addons = self._get_addons(model)
        for name, field in sorted(model._fields.items()):
            if addons.isdisjoint(field._modules):
                continue
            letters = [self._get_letter(model.with_user(self.users[role]), name) for role in ROLES]
            if set(letters) != {"-"}:
                yield ("field", model._name, name, *letters)

    def _get_letter(self, model, name):
        field = model._fields[name]
        if model.has_access("read") and not model._has_field_access(field, "read"):
            return "h"
        if name in MAGIC_COLUMNS or not (field.store or field.inverse):
            return "-"
        if not model.has_access("write") or not model._has_field_access(field, "write"):
            return "-"
        if name in getattr(model, "_fixed_fields", ()):
            return "f"
        guarded = model._get_engine_fields() if hasattr(model, "_get_engine_fields") else ()
        return "-" if name in guarded else "w"

    # -- methods ----------------------------------------------------------------------------------

    def _walk_methods(self, model):
        names = sorted(self._get_public_methods(model))
        if not names:
            return
        if not model._transient:
            self.assertTrue(
                model.search([], limit=1), f"Make a {model._name} to try its methods on."
            )
        for name in names:
            letters = [self._try(model.with_user(self.users[role]), name) for role in ROLES]
            yield ("method", model._name, name, *letters)

    def _get_record(self, model):
        """:raise AccessError: of a wizard, which everybody makes anew"""
        if not model._transient:
            return model.sudo().search([], limit=1).with_env(model.env)
        return model.create({})

    def _get_public_methods(self, model):
        """Names that RPC can call, and that are not Odoo's own."""
        prefixes = tuple(f"odoo.addons.{addon}." for addon in self._get_addons(model))
        found = set()
        for part in type(model).mro():
            if part.__module__.startswith(prefixes):
                found.update(name for name in vars(part) if not name.startswith("_"))
        return {name for name in found if self._is_public(type(model), name)}

    def _is_public(self, model_class, name):
        if hasattr(BaseModel, name) or not inspect.isfunction(getattr(model_class, name)):
            return False
        members = [getattr(part, name, None) for part in model_class.mro()]
        return not any(getattr(member, "_api_private", False) for member in members)

    def _try(self, model, name):
        """Call a method as a role."""
        return self._call(partial(self._get_record, model), name)

    def _call(self, get_record, name):
        """Call a method, with nothing where something is asked for.

        :param get_record: returns the record, or raises AccessError
        """
        # What happens beyond the access check is for other tests, and is undone.
        try:
            with mute_logger(*LOUD), self.env.cr.savepoint(), _nothing_leaves():
                method = getattr(get_record(), name)
                raise _Reached(method(*_get_arguments(method)))
        except AccessError:
            return "-"
        except _Reached as reached:
            return "a" if _opens_screen(reached.args[0]) else "x"
        except Exception:  # noqa: BLE001
            return "x"
        finally:
            self.env.invalidate_all(flush=False)

    # -- routes -----------------------------------------------------------------------------------

    def _walk_routes(self):
        found = defaultdict(set)
        for path, rule in http._generate_routing_rules([self.addon], nodb_only=False):
            found[path].add(rule.routing["auth"])
        for path, kinds in sorted(found.items()):
            yield ("route", path, " ".join(sorted(kinds)))


class _Reached(Exception):
    """The method went through, and returned something."""


def _get_arguments(method):
    """Nothing for each argument that must be given."""
    parameters = inspect.signature(method).parameters.values()
    kinds = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    needed = [one for one in parameters if one.kind in kinds and one.default is one.empty]
    return [None] * len(needed)


def _opens_screen(result):
    return isinstance(result, dict) and (
        result.get("type") in ("ir.actions.act_window", "ir.actions.act_url")
        or result.get("tag") == "ecm_explain"
    )


def _nothing_leaves():
    """No file, connection or thread of its own while methods are tried."""
    return patch(
        "socket.create_connection", side_effect=OSError("no network while methods are tried")
    )
