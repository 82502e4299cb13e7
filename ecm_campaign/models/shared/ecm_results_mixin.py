from typing import NamedTuple

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...actions import open_window
from ...tools.campaign_results import summarise

# Lists on a page; older ones are in the list of lists.
SHOWN_LISTS = 30


class ResultsScope(NamedTuple):
    """Whose contacts and attempts a page counts, as domains and as SQL.

    ``attempts_sql`` follows ``FROM ecm_attempt a`` and ends in a condition; ``contacts_sql`` is a
    condition on contacts ``c``, ``counters_sql`` on counters ``n``; ``zone`` is that of the hours,
    ``kind`` that of the campaign, whose words the page uses.
    """

    contacts: list
    attempts: list
    attempts_sql: SQL
    contacts_sql: SQL
    counters_sql: SQL
    zone: str
    kind: str


class EcmResultsMixin(models.AbstractModel):
    """A campaign or a list with a page of results: every number opens what it counts (U10).

    - *loaded*: contacts; *called*: of those, who has had an attempt
    - *reached*: contacts with an attempt whose outcome is live voice
    - *success*: of those, who has a wrap-up of type Success on such an attempt
    - *attempts*: those that have a result
    """

    _name = "ecm.results.mixin"
    _description = "Page of Results"

    def _get_results_scope(self):
        """:rtype: ResultsScope"""
        raise NotImplementedError

    def get_results(self):
        """What came of the calls of one campaign or list.

        :return: dict of ``kind``, ``zone``, ``totals``, ``hours``, ``weekdays``, ``outcomes`` and
            ``lists`` (see ``tools.campaign_results.summarise``); outcomes and lists have a
            ``name``; ``tiles``: see `_get_tiles`
        """
        self.ensure_one()
        self.check_access("read")
        self.env.flush_all()
        scope = self._get_results_scope()
        attempts, counters = self.env["ecm.attempt"].sudo(), self.env["ecm.results.count"]
        if self.env["ecm.results.recount"]._is_asked():
            # What counts as reached has just changed, and the counters do not know it yet.
            slots, lists = attempts._count_results(scope), attempts._count_lists(scope)
        else:
            slots, lists = counters._read_slots(scope), counters._read_lists(scope)

        results = summarise(slots, lists, set(attempts._get_live_outcomes().ids))
        results["lists"] = results["lists"][:SHOWN_LISTS]
        self._name_lines(results["outcomes"], "ecm.outcome", "id", self.env._("None"))
        self._name_lines(results["lists"], "ecm.contact.list", "list_id", self.env._("No list"))
        tiles = self._get_tiles(results["totals"])
        return {**results, "kind": scope.kind, "zone": scope.zone, "tiles": tiles}

    def _get_tiles(self, totals):
        """What a channel counts besides, as a share of contacts.

        :param totals: of ``tools.campaign_results.summarise``
        :return: list of dicts with ``what`` (of `_get_contact_choices`), ``label``, ``help``,
            ``count`` of contacts and ``percent`` or None
        """
        return []

    def _get_contact_choices(self):
        """Contacts that a number of the page counts.

        :return: ``{what: domain}``
        """
        return {
            "loaded": [],
            "called": [("last_attempt_at", "!=", False)],
            **self._get_reach_domains(),
        }

    def _name_lines(self, lines, model, key, missing):
        ids = [line[key] for line in lines if line[key]]
        records = self.env[model].sudo().browse(ids)
        names = {record.id: record.display_name for record in records}
        for line in lines:
            line["name"] = names.get(line[key], missing)

    def action_open_results(self, what, by=None, key=None):
        """Open what a number of the page counts.

        :param str what: ``loaded``, ``called``, ``reached``, ``success`` for contacts, ``attempts``
            or ``reached_attempts``
        :param by: ``list_id``, ``outcome_id``, ``hour`` or ``weekday``, with its ``key``
        :return: a window action
        """
        self.ensure_one()
        self.check_access("read")
        if what in ("attempts", "reached_attempts"):
            return self._open_attempts_of(what, by, key)
        return self._open_contacts_of(what, by, key)

    def _open_contacts_of(self, what, by, key):
        scope = self._get_results_scope()
        choices = self._get_contact_choices()
        if what not in choices:
            raise UserError(self.env._("There is no such number."))
        domain = [*scope.contacts, *choices[what]]
        if by == "list_id":
            domain.append(("list_id", "=", key or False))
        xml_id = "ecm_campaign.ecm_contact_action"
        return open_window(self.env, xml_id, domain=domain, context={"create": False})

    def _get_reach_domains(self):
        """Whom the page counts as reached, and as a success."""
        if not self.env["ecm.results.recount"]._is_asked():
            return {"reached": [("reach", "!=", False)], "success": [("reach", "=", "success")]}
        live = [("state", "=", "done"), ("outcome_id.is_live_voice", "=", True)]
        success = [*live, ("business_outcome_id.kind", "=", "success")]
        return {
            "reached": [("attempt_ids", "any", live)],
            "success": [("attempt_ids", "any", success)],
        }

    def _open_attempts_of(self, what, by, key):
        scope = self._get_results_scope()
        domain = [*scope.attempts, ("state", "=", "done")]
        if what == "reached_attempts":
            domain.append(("outcome_id.is_live_voice", "=", True))
        parts = {"hour": "called_at.hour_number", "weekday": "called_at.day_of_week"}
        if by == "outcome_id":
            domain.append(("outcome_id", "=", key or False))
        elif by in parts:
            domain.append((parts[by], "=", key))
        # Hours are those of the page.
        xml_id = "ecm_campaign.ecm_attempt_action"
        return open_window(self.env, xml_id, domain=domain, context={"tz": scope.zone})
