from dataclasses import replace

from odoo import models

from ....formatting import say_moment
from ....tools.gates import Candidate, ListRule


class EcmGateList(models.AbstractModel):
    """Contacts of lists that are stopped or over; they came back from the dialer afterwards."""

    _name = "ecm.gate.list"
    _inherit = ["ecm.gate"]
    _description = "Gate: Contact List"
    _sequence = 10

    def _get_label(self):
        return self.env._("Contact list")

    def _get_block_reasons(self):
        return [("list_stopped", self.env._("List stopped"))]

    def _get_close_reasons(self):
        return [("expired", self.env._("List expired"))]

    def _get_rule(self, campaigns, at, channel=None):
        return ListRule({})

    def _read_candidates(self, rule, candidates, at):
        # Of thousands of lists that a campaign may have, those of these contacts alone.
        list_ids = {candidate.list_id for candidate in candidates if candidate.list_id}
        return replace(rule, lists=self.env["ecm.contact.list"]._get_states(list_ids))

    def _explain(self, campaign, before, judged, rule, at):
        contact_list = self.env["ecm.contact.list"].sudo().browse(before.list_id or ())
        if not contact_list:
            return self.env._("It belongs to no list.")
        name, status = contact_list.name, contact_list.status
        # One that is planned is judged for the time from which it is active.
        if isinstance(judged, Candidate):
            return self.env._("The list %s is active.", name)
        if status == "planned":
            when = say_moment(self.env, contact_list.date_start)
            return self.env._("The list %(name)s starts on %(when)s.", name=name, when=when)
        if status == "stopped":
            return self.env._("The list %s is stopped. Restart it to go on.", name)
        return self.env._("The list %s is over.", name)
