from odoo import api, fields, models
from odoo.exceptions import MissingError

from ..exceptions import WrongValue
from ..tools.times import as_text

GIVEN = (
    "name",
    "dnc_class",
    "for_voice",
    "for_sms",
    "date_from",
    "date_to",
    "max_age_days",
    "mirrors_blacklist",
)


class EcmDncList(models.Model):
    _inherit = "ecm.dnc.list"

    # -- verbs of other systems; api_add, api_remove and check_number stand in ecm_campaign --------

    @api.model
    def api_create(self, values):
        """Create an empty do-not-contact list of the company, which ``api_add`` fills (requirement
        N1).

        :param dict values: ``name``; ``dnc_class`` (*national*, *corporate*, *compliance* or
            *litigation*), ``for_voice``, ``for_sms``, ``date_from``, ``date_to``, ``max_age_days``,
            ``mirrors_blacklist``, ``campaign_ids`` (none: all campaigns)
        :return: see `api_get`
        """
        self.check_access("create")
        values = dict(values)
        campaigns = values.pop("campaign_ids", None) or []
        for name in values:
            if name not in GIVEN:
                raise WrongValue(self.env._("There is no setting %s.", name), name)
        given = {name: value for name, value in values.items() if value is not None}
        if not given.get("name"):
            raise WrongValue(self.env._("Give the list a name."), "name")
        found = [self.env["ecm.campaign"]._api_find(campaign).id for campaign in campaigns]
        company = self.env.company.id
        created = self.create(
            {**given, "company_id": company, "campaign_ids": [fields.Command.set(found)]}
        )
        return created._api_describe()

    @api.model
    def api_get(self, list_id):
        """A do-not-contact list.

        :return: dict with ``id``, ``name``, ``dnc_class`` and so on, and ``entries``, an estimate
            where there are many
        :raise MissingError: there is none for this user
        """
        self.check_access("read")
        return self._api_find(list_id)._api_describe()

    @api.model
    def _api_find(self, list_id):
        found = self.search([("id", "=", list_id)]) if type(list_id) is int else self.browse()
        if not found:
            text = self.env._("There is no do-not-contact list %s for this key.", list_id)
            raise MissingError(text)
        return found

    def _api_describe(self):
        self.ensure_one()
        return {
            "id": self.id,
            "name": self.name,
            "dnc_class": self.dnc_class,
            "is_shared": not self.company_id,
            "for_voice": self.for_voice,
            "for_sms": self.for_sms,
            "date_from": (self.date_from and self.date_from.isoformat()) or None,
            "date_to": (self.date_to and self.date_to.isoformat()) or None,
            "max_age_days": self.max_age_days,
            "is_outdated": self.is_outdated,
            "refreshed_at": as_text(self.refreshed_at),
            "mirrors_blacklist": self.mirrors_blacklist,
            "keeps_wishes": self.keeps_wishes,
            "campaign_ids": self.campaign_ids.ids,
            "entries": self.entry_count,
        }
