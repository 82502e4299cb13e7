import logging
import time
from datetime import UTC, datetime
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools.dashboard import Period, get_period
from odoo.addons.ecm_campaign.const import SUPERVISOR

_logger = logging.getLogger(__name__)

# Browsers are told of changes so often at most, by each of Odoo's processes.
TOLD_EVERY = 5  # seconds
NOTIFICATION = "ecm_dashboard/changed"
# Whatever is counted takes a number from one of these.
SEQUENCES = ("ecm_report_count_id_seq", "ecm_results_count_id_seq")
FILTERS = ("campaign_id", "group_id", "team_id", "list_id")
MOST_COMPARED = 4
COMPARED = ("ecm.campaign", "ecm.contact.list")


class Told(NamedTuple):
    """When this process has last told browsers, and what was counted until then."""

    at: float
    counted: tuple


class Scope(NamedTuple):
    """What a dashboard shows: campaigns that the user may read, one list of theirs or all, a period
    on a zone's clock.
    """

    campaigns: models.BaseModel
    contact_list: models.BaseModel
    zone: str
    period: Period

    @property
    def counters(self):
        """The condition on counters ``n`` (indexes ``_campaign``)."""
        condition = SQL("n.campaign_id = ANY(%s)", self.campaigns.ids)
        if self.contact_list:
            condition = SQL("%s AND n.list_id = %s", condition, self.contact_list.id)
        return condition

    @property
    def in_period(self):
        """The condition on counters ``n`` of attempts in the period."""
        return SQL(
            "%s AND n.at >= %s AND n.at < %s", self.counters, self.period.start, self.period.end
        )


# Of each database, as one process may serve several.
_told = {}


class EcmDashboard(models.AbstractModel):
    """What campaigns do now and have done in a period, for supervisors (requirement R5).

    Every number is read from counters that are exact in the transaction that reads them, and opens a
    list of exactly what it counts. Words and definitions are those of ``ecm.results.mixin``.
    """

    _name = "ecm.dashboard"
    _inherit = [
        "ecm.dashboard.now.mixin",
        "ecm.dashboard.period.mixin",
        "ecm.dashboard.links.mixin",
    ]
    _description = "Dashboard"

    @api.model
    def read_panels(self, filters, names):
        """The numbers of some panels.

        :param dict filters: ``campaign_id``, ``group_id``, ``team_id``, ``list_id``: ids or nothing;
            ``period``: of ``tools.dashboard.PERIODS``; ``date_from`` and ``date_to`` of ``custom``
        :param list names: of `_get_panels`
        :return: ``{name: numbers}``, with ``scope``: what the page is about
        :raise AccessError: the user is no supervisor
        :raise UserError: there is no such panel or period
        """
        scope = self._read_scope(filters)
        self.env.flush_all()
        panels = self._get_panels()
        if unknown := set(names) - set(panels):
            raise UserError(self.env._("The dashboard has no panel %s.", ", ".join(unknown)))
        return {"scope": self._describe(scope), **{name: panels[name](scope) for name in names}}

    @api.model
    def _get_panels(self):
        """:return: ``{name: what reads its numbers for a scope}``"""
        return {**self._get_now_panels(), **self._get_period_panels()}

    # -- what is looked at ------------------------------------------------------------------------

    @api.model
    def _check_role(self):
        if not self.env.user.has_group(SUPERVISOR):
            raise AccessError(self.env._("The dashboard is for supervisors."))

    @api.model
    def _read_scope(self, filters):
        """:rtype: Scope"""
        self._check_role()
        ids = {name: self._read_id(filters, name) for name in FILTERS}
        contact_list = self.env["ecm.contact.list"].browse(ids["list_id"] or [])
        # Of what a user may not read nothing is counted.
        contact_list.check_access("read")
        campaigns = self.env["ecm.campaign"].search(self._get_campaign_domain(ids, contact_list))
        zone = campaigns.tz if len(campaigns) == 1 else self.env.user.tz
        zone = zone or "UTC"
        return Scope(campaigns, contact_list, zone, self._read_period(filters, zone))

    def _read_id(self, filters, name):
        value = filters.get(name)
        if value and not (isinstance(value, int) and 0 < value < 2**31):
            raise UserError(self.env._("There is no such record."))
        return value or None

    def _get_campaign_domain(self, ids, contact_list):
        domain = [("is_template", "=", False)]
        if ids["campaign_id"]:
            domain.append(("id", "=", ids["campaign_id"]))
        if ids["group_id"]:
            domain.append(("group_id", "=", ids["group_id"]))
        if ids["team_id"]:
            domain.append(("calling_team_ids", "in", [ids["team_id"]]))
        if contact_list:
            domain.append(("id", "=", contact_list.campaign_id.id))
        return domain

    def _read_period(self, filters, zone):
        try:
            first, last = (self._read_day(filters.get(name)) for name in ("date_from", "date_to"))
            name = filters.get("period") or "today"
            return get_period(name, datetime.now(UTC), zone, first, last)
        except (ValueError, TypeError, OverflowError):
            raise UserError(
                self.env._(
                    "Choose a period whose first day is not after its last one, a year long "
                    "at most."
                )
            ) from None

    def _read_day(self, value):
        return value and datetime.combine(fields.Date.to_date(value), datetime.min.time())

    def _describe(self, scope):
        """What the page says of itself."""
        campaigns = scope.campaigns
        is_single = len(campaigns) == 1
        return {
            "campaigns": len(campaigns),
            "running": len(campaigns.filtered("is_running")),
            "campaign_id": campaigns.id if is_single else False,
            "kind": campaigns.kind if is_single else False,
            "zone": scope.zone,
            "unit": scope.period.unit,
            "first": scope.period.first.date().isoformat(),
            "last": scope.period.last.date().isoformat(),
            "has_any": is_single or bool(campaigns) or self._has_campaigns(),
        }

    def _has_campaigns(self):
        """Whether there is any campaign but those that no filter finds."""
        return bool(self.env["ecm.campaign"].search_count([("is_template", "=", False)], limit=1))

    # -- side by side -----------------------------------------------------------------------------

    @api.model
    def compare(self, model, record_ids):
        """Campaigns or lists side by side, each with what its own page of results says.

        :param str model: ``ecm.campaign`` or ``ecm.contact.list``
        :param record_ids: of it
        :return: list of dicts of ``id``, ``name`` and ``results`` (of ``get_results``)
        :raise UserError: there are none, or too many
        """
        self._check_role()
        if model not in COMPARED or not 0 < len(record_ids) <= MOST_COMPARED:
            raise UserError(
                self.env._("Choose up to %s campaigns, or as many lists.", MOST_COMPARED)
            )
        records = self.env[model].browse(record_ids)
        compared = []
        for record in records:
            results = record.get_results()
            compared.append({"id": record.id, "name": record.display_name, "results": results})
        return compared

    @api.model
    def _open_comparison(self, records):
        self._check_role()
        if not 0 < len(records) <= MOST_COMPARED:
            raise UserError(self.env._("Choose up to %s to compare.", MOST_COMPARED))
        return {
            "type": "ir.actions.client",
            "tag": "ecm_comparison",
            "name": self.env._("Comparison"),
            "params": {"model": records._name, "ids": records.ids},
        }

    # -- live -------------------------------------------------------------------------------------

    @api.model
    def _tell_of_changes(self):
        """Have dashboards read their numbers again where something was counted since they did.

        What is told says nothing of what it is about: each browser asks for what its user may read.
        """
        database, now = self.env.cr.dbname, time.monotonic()
        told = _told.get(database)
        if told and now - told.at < TOLD_EVERY:
            return
        counted = self._get_counted()
        if told and told.counted == counted:
            return
        _told[database] = Told(now, counted)
        supervisors = self.env.ref(SUPERVISOR).sudo()
        self.env["bus.bus"].sudo()._sendone(supervisors, NOTIFICATION, {})

    def _get_counted(self):
        """Numbers that rise with everything that is counted."""
        parts = [SQL("(SELECT last_value FROM %s)", SQL.identifier(name)) for name in SEQUENCES]
        [row] = self.env.execute_query(SQL("SELECT %s", SQL(", ").join(parts)))
        return row
