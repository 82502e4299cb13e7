from odoo import api, models
from odoo.tools import SQL


class EcmErasableMixin(models.AbstractModel):
    """Records that say something about a person, who may ask for that to be erased (requirement
    N6).

    A model that inherits this one is asked by every erasure, and by Odoo's privacy look-up: no list
    of models is kept anywhere.
    """

    _name = "ecm.erasable.mixin"
    _description = "Record about a Person"

    # Place among the models: what others are found by is erased after them.
    _erased_at = 50

    @api.model
    def _get_erasable(self):
        """Every model that is erased, in the order of erasing.

        :return: list of models, with all rights
        """
        registry = self.env.registry
        mixin = registry["ecm.erasable.mixin"]
        names = [name for name, model in registry.items() if issubclass(model, mixin)]
        found = [self.env[name].sudo() for name in names if not registry[name]._abstract]
        return sorted(found, key=lambda model: (model._erased_at, model._name))

    @api.model
    def _find_person(self, person):
        """What is there about a person, and was not erased yet.

        :param person: `tools.erasure.Person`
        :rtype: SQL
        :return: a query of ids
        """
        raise NotImplementedError

    @api.model
    def _find_by_number(self, person):
        """What is there under a number, for tables with an index on theirs; see `_find_person`."""
        return SQL(
            "SELECT id FROM %s WHERE number = ANY(%s) AND company_id = ANY(%s)",
            SQL.identifier(self._table),
            sorted(person.numbers),
            sorted(person.company_ids),
        )

    @api.model
    def _erase_ids(self, ids):
        """Make these records, and what hangs on them, say nothing about anybody. Set-based; what was
        erased already is passed over.

        :param list ids: of records that may be of many persons
        :return: ``{model name: how many}``
        """
        raise NotImplementedError
