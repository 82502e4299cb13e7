from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..exceptions import WrongValue
from odoo.addons.ecm_campaign.tools.contact_objects import MAX_ROWS

STATE_FIELDS = (
    "account_number",
    "campaign_id",
    "state",
    "close_reason",
    "block_reason",
    "next_attempt_at",
    "attempt_count",
    "last_attempt_at",
)


class EcmContact(models.Model):
    _inherit = "ecm.contact"

    # -- verbs of other systems (docs/api.md) ------------------------------------------------------

    @api.model
    def api_add_contacts(self, campaign, contacts, list_id=None, name=None, duplicates=None):
        """Add up to 10,000 contacts to a campaign in one transaction, checked like a file's rows: one
        that is wrong keeps none of the others out (requirements L3, L5, L6, L9, R4).

        :param campaign: id of ``ecm.campaign``, or ``crm:`` with the id that your CRM gave it
        :param list contacts: each a dict with ``phones`` (list of one to five texts) and, as far as
            known, ``first_name``, ``last_name``, ``account_number``, ``email``, ``tz``,
            ``region``, ``zip``, ``country``, ``consent_on``, ``consent_source``, ``priority``,
            ``not_before`` (without an offset it is UTC) and ``business_parameters`` (dict)
        :param int list_id: of ``ecm.contact.list``, which they come into; none: a new one
        :param str name: of the new list
        :param str duplicates: *reject*, *update* or *allow* numbers that the campaign knows; none:
            as the campaign says
        :return: ``{"list_id", "created", "updated", "duplicate", "rejected", "results"}``: counts,
            and for each contact a dict with ``index`` and ``status``, the contact's ``id`` where
            there is one, ``field``, ``code`` and ``detail`` where it was refused, and ``warnings``
            where values were left out
        :raise MissingError: there is no such campaign for this user
        :raise ValidationError: too many contacts, or an option that is not known
        :raise UserError: a file is being read into the campaign; try again in a minute
        """
        self.check_access("create")
        found = self.env["ecm.campaign"]._api_find(campaign)
        if not isinstance(contacts, list) or not 1 <= len(contacts) <= MAX_ROWS:
            raise WrongValue(self.env._("Send 1 to %s contacts.", MAX_ROWS), "contacts")
        lists = self.env["ecm.contact.list"]
        contact_list = lists._get_api_list(found, list_id, name, duplicates)
        results = contact_list._add_contacts(contacts)
        counts = dict.fromkeys(("created", "updated", "duplicate", "rejected"), 0)
        for result in results:
            counts[result["status"]] += 1
        return {"list_id": contact_list.id, **counts, "results": results}

    @api.model
    def api_get_states(self, account_numbers, campaign=None):
        """What became of customers, by your own keys (requirement R4).

        :param list account_numbers: up to 10,000 customer keys
        :param campaign: see `api_add_contacts`; none: in every campaign
        :return: list of dicts with ``id``, ``account_number``, ``campaign_id``, ``state``,
            ``close_reason``, ``block_reason``, ``next_attempt_at``, ``attempt_count`` and
            ``last_attempt_at`` (texts in UTC), newest first; a key may have several contacts, or
            none
        """
        self.check_access("read")
        contacts = self.search(self._api_get_domain(account_numbers, campaign))
        rows = contacts.read(STATE_FIELDS, load=None)
        return [{name: _write(value) for name, value in row.items()} for row in rows]

    @api.model
    def api_withdraw(self, contact_ids=None, account_numbers=None, campaign=None, reason=None):
        """Close open contacts at once; see `action_withdraw` (requirements L10, R4).

        :param list contact_ids: of ``ecm.contact``; those that are not there are passed over
        :param list account_numbers: customer keys, with or instead of ids
        :param campaign: see `api_add_contacts`; none: in every campaign
        :return: list of ids that were open and are withdrawn now
        """
        self.check_access("write")
        if not (contact_ids or account_numbers):
            text = self.env._("Say which: contact_ids or account_numbers.")
            raise WrongValue(text, "contact_ids")
        domain = Domain.FALSE
        if account_numbers:
            domain |= self._api_get_domain(account_numbers)
        if contact_ids:
            domain |= Domain("id", "in", self._api_check_ids(contact_ids))
        if campaign:
            domain &= Domain("campaign_id", "=", self.env["ecm.campaign"]._api_find(campaign).id)
        found = self.search(domain).filtered("is_open")
        found.action_withdraw(reason)
        return found.ids

    @api.model
    def _api_get_domain(self, account_numbers, campaign=None):
        """:raise WrongValue: there are too many, or they are no texts"""
        is_list = isinstance(account_numbers, list) and len(account_numbers) <= MAX_ROWS
        if not is_list or not all(isinstance(key, str) for key in account_numbers):
            text = self.env._("Give a list of up to %s texts.", MAX_ROWS)
            raise WrongValue(text, "account_numbers")
        # PostgreSQL stores no NUL. An empty key names nobody; Odoo takes it for all without a key.
        named = [key for key in account_numbers if key and "\0" not in key]
        domain = Domain("account_number", "in", named)
        if campaign:
            domain &= Domain("campaign_id", "=", self.env["ecm.campaign"]._api_find(campaign).id)
        return domain

    @api.model
    def _api_check_ids(self, ids):
        """:raise WrongValue: there are too many, or they are no numbers"""
        is_list = isinstance(ids, list) and len(ids) <= MAX_ROWS
        if not is_list or not all(type(one) is int and 0 < one < 2**31 for one in ids):
            text = self.env._("Give a list of up to %s numbers.", MAX_ROWS)
            raise WrongValue(text, "contact_ids")
        return ids

    # -- numbers that others add at the same time --------------------------------------------------

    @api.model
    def _get_known_phones(self, where, numbers, columns=("phone_1",)):
        """With ``ecm_sees_others_commits`` in the context: also what others have stored since this
        transaction began to look. Whoever asks so has waited for their turn.
        """
        known = super()._get_known_phones(where, numbers, columns)
        if not self.env.context.get("ecm_sees_others_commits"):
            return known
        return known | self._get_committed_phones(where, numbers, columns)

    @api.model
    def _get_committed_phones(self, where, numbers, columns=("phone_1",)):
        """As `_get_known_phones`, of what is committed at this moment."""
        with self.env.registry.cursor() as cursor:
            other = self.with_context(ecm_sees_others_commits=False)
            other = other.with_env(other.env(cr=cursor))
            return super(EcmContact, other)._get_known_phones(where, numbers, columns)

    @api.model
    def _api_await_turn(self, campaign):
        """Have contacts of one campaign come one call after the other, so that none of them brings a
        number that another has just brought.
        """
        name = f"ecm:{self._name}:{campaign._name}"
        lock = SQL("hashtext(%s), %s", name, campaign.id)
        self.env.cr.execute(SQL("SELECT pg_advisory_xact_lock(%s)", lock))


def _write(value):
    """A value of a field as JSON has it."""
    if hasattr(value, "isoformat"):
        return f"{value.isoformat()}Z"
    return None if value is False else value
