from datetime import UTC, timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..clients.base import PersonalCallback

# So often it is looked which numbers were listed or taken off a list.
LISTED_INTERVAL = timedelta(minutes=15)


class EcmDialerCceLists(models.AbstractModel):
    """What else CCE is told: calls that an agent has promised, in its database or over its REST
    interface; and, on sites with one Logger, numbers that CCE itself must not call, whoever sends
    them.
    """

    _name = "ecm.dialer.cce.lists.mixin"
    _description = "Personal Callbacks and Do-not-call List of a CCE"

    cce_writes_personal = fields.Boolean(
        "Agents' own callbacks",
        tracking=True,
        help="A callback that is to be made by the agent who promised it goes to CCE's list of "
        "personal callbacks, and that agent gets the call. Otherwise, for agents whom CCE does not "
        "know, and where it refuses, it goes to the dialing list, where any agent gets it. Cisco "
        "allows writing to that list on sites with one Logger; of two it is that of the side in "
        "use.",
    )
    cce_personal_table = fields.Char(
        "Personal callbacks",
        default="Personal_Callback_List",
        required=True,
        help="Table of agents' own callbacks in the database of Outbound Option.",
    )
    cce_agent_column = fields.Selection(
        [("SkillTargetID", "SkillTargetID"), ("PeripheralNumber", "PeripheralNumber")],
        "AgentID holds",
        default="SkillTargetID",
        required=True,
        help="Which column of Agent stands for an agent in the table of personal callbacks. Cisco "
        "does not say: compare with a callback that an agent has arranged.",
    )
    cce_dnc_list_ids = fields.Many2many(
        "ecm.dnc.list",
        string="Numbers for its do-not-call list",
        help="Numbers on these lists are written to CCE's own do-not-call list, and deleted there "
        "when they come off them. CCE then calls them for nobody, other systems included. Beginnings "
        "of numbers and customer keys are not written.",
    )
    cce_dnc_table = fields.Char(
        "Do-not-call list",
        default="Do_Not_Call",
        required=True,
        help="Table of numbers that are not called, in the database of Outbound Option.",
    )
    cce_listed_at = fields.Datetime(
        "Do-not-call list written on",
        readonly=True,
        copy=False,
        help="When it was last compared with the lists here.",
    )

    listed_failures = fields.Integer(readonly=True, copy=False)
    listed_until = fields.Datetime(readonly=True, copy=False)
    listed_error = fields.Char("Not written", readonly=True, copy=False)

    @api.constrains("cce_dnc_list_ids", "host_2", "cce_delivery", "provider")
    def _check_cce_lists(self):
        for dialer in self:
            if dialer._has_two_sides() and dialer.cce_dnc_list_ids:
                raise ValidationError(
                    self.env._(
                        "What is written on one Logger is not on the other: %s has two. Clear the "
                        "lists for its do-not-call list.",
                        dialer.name,
                    )
                )

    def write(self, vals):
        result = super().write(vals)
        # What was chosen now is written with the next turn.
        if vals.keys() & {"cce_dnc_list_ids", "cce_dnc_table"}:
            self.sudo().cce_listed_at = False
        return result

    def _keeps_personal(self):
        """Whether agents' own callbacks go to a list of their own: files have none."""
        has_list = self.provider == "cce" and self.cce_delivery != "file"
        return has_list and self.cce_writes_personal

    def _keeps_listed(self):
        """Whether numbers are written to the dialer's own do-not-call list."""
        is_read_only = self.provider != "cce" or self.cce_delivery == "rest"
        return not is_read_only and not self._has_two_sides()

    def _is_listing_due(self, now):
        """Whether it is time to compare the dialer's do-not-call list with ours; also where none is
        chosen any more, and some were.
        """
        if not self._keeps_listed():
            return False
        if not (self.cce_dnc_list_ids or self.env["ecm.dialer.listed"]._has_any(self)):
            return False
        return not self.cce_listed_at or self.cce_listed_at <= now - LISTED_INTERVAL

    def _get_listing(self):
        """Lists whose numbers the dialer is to keep today."""
        dnc_lists = self.sudo().cce_dnc_list_ids
        return dnc_lists & dnc_lists._get_in_force()

    def _prepare_list_settings(self):
        """Settings of the client that belong to these lists."""
        is_rest = self.cce_delivery == "rest"
        is_written = self._keeps_personal() and not is_rest
        return {
            "personal_table": self.cce_personal_table if is_written else "",
            # The interface names agents by this.
            "agent_column": "SkillTargetID" if is_rest else self.cce_agent_column,
            "dnc_table": self.cce_dnc_table,
        }

    def _get_personal_callbacks(self, candidates):
        """Calls that an agent has promised.

        :param candidates: list of ``tools.gates.Candidate``
        :return: ``{contact id: clients.base.PersonalCallback}``
        """
        ids = [each.contact_id for each in candidates if each.callback == "personal"]
        if not (ids and self._keeps_personal()):
            return {}
        now = fields.Datetime.now().replace(tzinfo=UTC)
        found = {}
        for contact in self.env["ecm.contact"].sudo().browse(ids):
            if contact.callback_agent:
                found[contact.id] = PersonalCallback(contact.callback_agent, now)
        return found
