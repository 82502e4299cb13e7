from datetime import datetime, timedelta

from odoo import api, models
from odoo.exceptions import UserError

from ..tools.dashboard import MOST_TRIES, to_utc
from odoo.addons.ecm_campaign.actions import open_window
from odoo.addons.ecm_campaign.const import CLOSED_STATES, PENDING, REACHED_STATES

CONTACTS = "ecm_campaign.ecm_contact_action"
ATTEMPTS = "ecm_campaign.ecm_attempt_action"
# Contacts that a number of a line counts, as the pages of results do.
REACH = {
    "loaded": [],
    "called": [("last_attempt_at", "!=", False)],
    "reached": [("reach", "!=", False)],
    "success": [("reach", "=", "success")],
}


class EcmDashboardLinksMixin(models.AbstractModel):
    """Every number of the dashboard opens exactly what it counts."""

    _name = "ecm.dashboard.links.mixin"
    _description = "Dashboard: What Numbers Open"

    @api.model
    def open_number(self, filters, what, key=None):
        """Open what a number counts.

        :param dict filters: of ``read_panels``
        :param str what: the name of a method here, ``_find_<what>``
        :param key: which of several: an id, a name or a dict of these, as ``what`` wants it
        :return: a window action
        :raise UserError: there is no such number
        """
        scope = self._read_scope(filters)
        find = self._get_finders().get(what)
        if not find:
            raise UserError(self.env._("There is no such number."))
        try:
            xml_id, domain = find(scope, key)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise UserError(self.env._("There is no such number.")) from None
        context = {"create": False}
        if xml_id == ATTEMPTS:
            # Hours are those of the page.
            context["tz"] = scope.zone
        return open_window(self.env, xml_id, domain=domain, context=context)

    def _get_finders(self):
        """:return: ``{what: method that takes a scope and a key}``"""
        return {
            "state": self._find_state,
            "total": self._find_total,
            "waiting": self._find_waiting,
            "tries": self._find_tries,
            "tries_reached": self._find_tries_reached,
            "list": self._find_list,
            "campaign": self._find_campaign,
            "attempts": self._find_attempts,
            "reached": self._find_reached,
            "success": self._find_success,
            "moment": self._find_moment,
            "slot": self._find_slot,
            "outcome": self._find_outcome,
            "wrap_up": self._find_wrap_up,
            "room": self._find_room,
            "callback": self._find_callback,
        }

    # -- contacts ---------------------------------------------------------------------------------

    def _get_contacts(self, scope):
        domain = [("campaign_id", "in", scope.campaigns.ids)]
        if scope.contact_list:
            domain.append(("list_id", "=", scope.contact_list.id))
        return domain

    def _find_state(self, scope, key):
        return CONTACTS, [*self._get_contacts(scope), ("state", "=", key)]

    def _find_total(self, scope, key):
        states = {
            "contacts": None,
            "pending": (PENDING,),
            "awaiting": self.env["ecm.contact"]._get_awaiting_states(),
            "connected": REACHED_STATES,
            "closed": CLOSED_STATES,
        }[key]
        own = self._get_contacts(scope)
        return CONTACTS, own if states is None else [*own, ("state", "in", list(states))]

    def _find_waiting(self, scope, key):
        own = [*self._get_contacts(scope), ("state", "=", PENDING)]
        if key == "ready":
            return CONTACTS, [*own, ("is_ready", "=", True)]
        reason = False if key == "planned" else key
        return CONTACTS, [*own, ("is_ready", "=", False), ("block_reason", "=", reason)]

    def _find_tries(self, scope, key):
        return CONTACTS, [*self._get_contacts(scope), ("attempt_count", ">=", int(key))]

    def _find_tries_reached(self, scope, key):
        operator = ">=" if int(key) == MOST_TRIES else "="
        made = ("attempt_count", operator, int(key))
        return CONTACTS, [*self._get_contacts(scope), made, *REACH["reached"]]

    def _find_list(self, scope, key):
        line = ("list_id", "=", key["id"] or False)
        own = [("campaign_id", "in", scope.campaigns.ids)]
        return CONTACTS, [*own, line, *REACH[key["what"]]]

    def _find_campaign(self, scope, key):
        campaign = scope.campaigns.filtered(lambda record: record.id == key["id"])
        own = scope._replace(campaigns=campaign)
        if key["what"] in REACH:
            return CONTACTS, [*self._get_contacts(own), *REACH[key["what"]]]
        if key["what"] == "made":
            return self._find_attempts(own, None)
        return self._find_total(own, key["what"])

    # -- attempts ---------------------------------------------------------------------------------

    def _get_attempts(self, scope):
        """Those that have a result, in the period."""
        domain = [
            ("campaign_id", "in", scope.campaigns.ids),
            ("state", "=", "done"),
            ("called_at", ">=", scope.period.start),
            ("called_at", "<", scope.period.end),
        ]
        if scope.contact_list:
            domain.append(("contact_id.list_id", "=", scope.contact_list.id))
        return domain

    def _find_attempts(self, scope, _key):
        return ATTEMPTS, self._get_attempts(scope)

    def _find_reached(self, scope, _key):
        return ATTEMPTS, [*self._get_attempts(scope), ("outcome_id.is_live_voice", "=", True)]

    def _find_success(self, scope, _key):
        _action, reached = self._find_reached(scope, None)
        return ATTEMPTS, [*reached, ("business_outcome_id.kind", "=", "success")]

    def _find_moment(self, scope, key):
        """:param key: dict of ``key`` (of a line of the series), and whether ``reached`` only"""
        begin = datetime.fromisoformat(key["key"])
        if begin.tzinfo:
            raise ValueError(key)
        end = begin + timedelta(**{f"{scope.period.unit}s": 1})
        find = self._find_reached if key.get("reached") else self._find_attempts
        _action, domain = find(scope, None)
        times = [
            ("called_at", ">=", to_utc(begin, scope.zone)),
            ("called_at", "<", to_utc(end, scope.zone)),
        ]
        return ATTEMPTS, [*domain, *times]

    def _find_slot(self, scope, key):
        """:param key: dict of ``weekday`` and ``hour``"""
        slot = [
            ("called_at.day_of_week", "=", int(key["weekday"])),
            ("called_at.hour_number", "=", int(key["hour"])),
        ]
        return ATTEMPTS, [*self._get_attempts(scope), *slot]

    def _find_outcome(self, scope, key):
        return ATTEMPTS, [*self._get_attempts(scope), ("outcome_id", "=", key or False)]

    def _find_wrap_up(self, scope, key):
        return ATTEMPTS, [*self._get_attempts(scope), ("business_outcome_id", "=", key)]

    # -- dialers and callbacks --------------------------------------------------------------------

    def _find_room(self, scope, key):
        """:param key: dict of ``field`` and ``id``"""
        for target in self._get_targets(scope):
            if (target._attempt_field, target.id) == (key["field"], key["id"]):
                return ATTEMPTS, self._get_held_domain(target)
        raise ValueError(key)

    def _find_callback(self, scope, key):
        return "ecm_callback.ecm_callback_action", self._get_callback_domains(scope)[key]
