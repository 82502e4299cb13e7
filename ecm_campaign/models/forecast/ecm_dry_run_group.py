from odoo import api, fields, models

from ...actions import open_window
from ...formatting import get_label


class EcmDryRunGroup(models.Model):
    """Contacts of which the same became."""

    _name = "ecm.dry.run.group"
    _description = "Forecast of Contacts"
    _order = "kind, count desc, id"
    _log_access = False

    run_id = fields.Many2one(
        "ecm.dry.run", required=True, ondelete="cascade", index=True, readonly=True
    )
    kind = fields.Selection(
        [
            ("stopped", "Stopped at a gate, never called"),
            ("put_off", "Put off at least once"),
            ("left", "Still open at the end"),
            ("closed", "Closed"),
        ],
        required=True,
        readonly=True,
    )
    name = fields.Char("Reason", required=True, readonly=True)
    count = fields.Integer("Contacts", readonly=True)
    contact_ids = fields.Json("Contacts looked at", readonly=True)

    @api.model
    def _create_from(self, run, forecast, sample, factor):
        """Store what became of the contacts of a forecast.

        :param forecast: ``tools.dry_run.Forecast``
        :param sample: ``Sample`` of the reader
        :param factor: how many contacts each contact of the sample stands for
        """
        vals_list = []
        # The sample's contacts are listed, and stand for as many more.
        for kind, name, contact_ids in self._name_groups(forecast, sample):
            vals_list.append(
                {
                    "run_id": run.id,
                    "kind": kind,
                    "name": name,
                    "count": round(len(contact_ids) * factor),
                    "contact_ids": contact_ids,
                }
            )
        self.create(vals_list)

    def _name_groups(self, forecast, sample):
        """:return: iterator of ``(kind, name, list of contact ids)``"""
        # Stopped while time passed, and from the start: nobody of these was ever called.
        for key, contact_ids in forecast.uncalled.items():
            yield "stopped", self._get_close_name(key), contact_ids
        for reason, contact_ids in sample.stopped.items():
            yield "stopped", reason, contact_ids

        for reason, contact_ids in forecast.put_off.items():
            yield "put_off", self._get_block_name(reason), sorted(contact_ids)
        for reason, contact_ids in forecast.left.items():
            yield "left", self._get_left_name(reason), contact_ids
        for key, contact_ids in forecast.closed.items():
            yield "closed", self._get_close_name(key), contact_ids

    def _get_block_name(self, reason):
        return get_label(self.env, "ecm.contact", "block_reason", reason)

    def _get_left_name(self, reason):
        names = {
            "capacity": self.env._("More contacts than calls: its turn did not come"),
            "not_started": self.env._("The campaign's first day has not come"),
            "ended": self.env._("The campaign's end date has passed"),
            "planned": self.env._("The next attempt comes later"),
        }
        return names.get(reason) or self._get_block_name(reason)

    def _get_close_name(self, key):
        state, reason = key
        state_label = get_label(self.env, "ecm.contact", "state", state)
        reason_label = self.env["ecm.contact"]._get_close_text(state, reason)
        return f"{state_label}: {reason_label}"

    def action_view_contacts(self):
        """Open the contacts of the sample."""
        self.ensure_one()
        return open_window(
            self.env,
            "ecm_campaign.ecm_contact_action",
            name=self.name,
            domain=[("id", "in", self.contact_ids or [])],
            context={},
        )
