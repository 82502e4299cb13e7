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
    def _create_from(self, run, forecast, intake, factor):
        named = [
            *(
                ("stopped", self._get_close_name(key), ids)
                for key, ids in forecast.uncalled.items()
            ),
            *(("stopped", reason, ids) for reason, ids in intake.stopped.items()),
            *(
                ("put_off", self._get_block_name(reason), sorted(ids))
                for reason, ids in forecast.put_off.items()
            ),
            *(("left", self._get_left_name(reason), ids) for reason, ids in forecast.left.items()),
            *(("closed", self._get_close_name(key), ids) for key, ids in forecast.closed.items()),
        ]
        self.create(
            [
                {
                    "run_id": run.id,
                    "kind": kind,
                    "name": name,
                    "count": round(len(ids) * factor),
                    "contact_ids": ids,
                }
                for kind, name, ids in named
            ]
        )

    def _get_block_name(self, reason):
        return get_label(self.env, "ecm.contact", "block_reason", reason)

    def _get_left_name(self, reason):
        names = {
            "capacity": self.env._("More contacts than calls: its turn did not come"),
            "planned": self.env._("The next attempt comes later"),
        }
        return names.get(reason) or self._get_block_name(reason)

    def _get_close_name(self, key):
        state, reason = key
        label = get_label(self.env, "ecm.contact", "close_reason", reason)
        return f"{get_label(self.env, 'ecm.contact', 'state', state)}: {label}"

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
