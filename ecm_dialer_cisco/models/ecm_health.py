from odoo import api, fields, models

from ..purge_plan import NEVER
from .ecm_dialer_figures import FIGURES_INTERVAL
from odoo.addons.ecm_campaign.tools.circuit import CLOSED
from odoo.addons.ecm_campaign.tools.health import Reading, seconds_late


class EcmHealth(models.AbstractModel):
    _inherit = "ecm.health"

    @api.model
    def _get_health_readings(self):
        readings = [*super()._get_health_readings(), *self._read_synchronizers()]
        return [*readings, *self._read_purges(), *self._read_figures()]

    @api.model
    def _get_health_kinds(self):
        return [
            *super()._get_health_kinds(),
            ("results", self.env._("Reading results")),
            ("purge", self.env._("Deleting finished contacts")),
            ("figures", self.env._("Dialer's own figures")),
        ]

    @api.model
    def _get_late_parameters(self):
        return {**super()._get_late_parameters(), "results": "results"}

    @api.model
    def _retry_reading(self, kind, record):
        if kind == "results":
            record.action_try_now()
        elif kind == "purge":
            record.action_purge_finished()
        elif kind == "figures":
            record.action_try_now()
        return super()._retry_reading(kind, record)

    def _prepare_reading(self, dialer, kind, may_call, now, **values):
        """What all readings of a dialer say, with ``values`` of this one.

        :param may_call: of `_may_call`
        :rtype: tools.health.Reading
        """
        return Reading(
            kind=kind,
            key=f"ecm.dialer,{dialer.id},{kind}",
            name=dialer.display_name,
            model="ecm.dialer",
            res_id=dialer.id,
            is_on=bool(may_call and dialer._is_on()),
            failures=dialer[f"{kind}_failures"],
            is_failing=dialer._get_circuit_state(kind, now) != CLOSED,
            company_id=dialer.company_id.id,
            **values,
        )

    def _read_synchronizers(self):
        """The *Call Results Synchronizer* of each dialer (requirement F2)."""
        may_call = self._may_call()
        dialers = self.env["ecm.dialer"].search([])
        return [self._read_synchronizer(dialer, may_call) for dialer in dialers]

    def _read_synchronizer(self, dialer, may_call):
        now = fields.Datetime.now()
        targets = dialer.dialer_campaign_ids
        attempts = self.env["ecm.attempt"]
        # Of nobody who is there a result could be late.
        awaited = sum(attempts._count_at(target) for target in targets._filter_holding())
        is_behind = awaited or dialer.results_failures
        # Nothing was read while it was switched off.
        read_until = max(filter(None, (dialer.last_sync_at, dialer.turns_since)), default=None)
        campaigns = self.env["ecm.campaign"].search(
            [("dialer_campaign_id", "in", targets.ids), ("is_running", "=", True)]
        )
        return self._prepare_reading(
            dialer,
            "results",
            may_call,
            now,
            last_success_at=dialer.last_sync_at or None,
            behind=seconds_late(read_until, now) if is_behind else 0,
            backlog=awaited,
            error=dialer.results_error or dialer.last_error or "",
            user_ids=frozenset(campaigns.user_id.ids),
        )

    def _read_purges(self):
        """The purge of each dialer that has one (requirement F7); what it left, and why, is no more
        than a warning.
        """
        may_call, now = self._may_call(), fields.Datetime.now()
        dialers = self.env["ecm.dialer"].search([("purge_schedule", "!=", NEVER)])
        readings = []
        for dialer in dialers:
            readings.append(
                self._prepare_reading(
                    dialer,
                    "purge",
                    may_call,
                    now,
                    last_success_at=dialer.last_purge_at or None,
                    behind=seconds_late(dialer.purge_due_at, now),
                    error=dialer.purge_error or dialer.purge_note or "",
                )
            )
        return readings

    def _read_figures(self):
        """What dialers that tell it count themselves; their backlog is what they may still call,
        whoever sent it.
        """
        may_call, now = self._may_call(), fields.Datetime.now()
        readings = []
        for dialer in self.env["ecm.dialer"].search([]):
            targets = dialer._get_counted_campaigns()
            if not (dialer._tells_figures() and targets):
                continue
            counts = [target._get_open_count() for target in targets]
            known = [count for count in counts if count is not None]
            read_until = max(filter(None, (dialer.figures_at, dialer.turns_since)), default=None)
            readings.append(
                self._prepare_reading(
                    dialer,
                    "figures",
                    may_call,
                    now,
                    last_success_at=dialer.figures_at or None,
                    behind=seconds_late(read_until and read_until + FIGURES_INTERVAL, now),
                    backlog=sum(known) if known else None,
                    error=dialer.figures_error or _first_error(targets),
                )
            )
        return readings


def _first_error(targets):
    """Why a campaign has no figures, if one has none."""
    for target in targets:
        if target.figures_error:
            return f"{target.name}: {target.figures_error}"
    return ""
