from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..const import PHONE_FIELDS
from ..tools import phones
from ..tools import strategy as decision
from ..tools.results import Decided


class EcmDncCheck(models.TransientModel):
    """*Check a number*: where it is listed, since and until when, and what is blocked by that
    (requirement N1).
    """

    _name = "ecm.dnc.check"
    _description = "Check a Number"

    number = fields.Char(required=True)
    country_id = fields.Many2one("res.country", default=lambda self: self.env.company.country_id)
    result_html = fields.Html(compute="_compute_result_html", sanitize=False)

    @api.depends("number", "country_id")
    def _compute_result_html(self):
        for check in self:
            check.result_html = check._get_result() if check.number else False

    def action_check(self):
        """Show the answer; typing another number and leaving the field does the same."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecm_campaign.ecm_dnc_check_action")
        return {**action, "res_id": self.id}

    def _get_result(self):
        number, reason = phones.normalise(self.number, self.country_id.code)
        if reason:
            return Markup('<p class="text-danger">%s</p>') % self.env[
                "ecm.contact.list.reject"
            ]._get_reason_text(reason)
        findings = self.env["ecm.dnc.list"].check_number(number)
        if not findings:
            return Markup('<p class="text-success">%s</p>') % self.env._(
                "%s is on no do-not-contact list and may be contacted.", number
            )
        rows = Markup().join(Markup("<tr>%s</tr>") % self._render(finding) for finding in findings)
        names = (
            self.env._("List"),
            self.env._("Class"),
            self.env._("Since"),
            self.env._("Until"),
            self.env._("Added by"),
            self.env._("Reason"),
            self.env._("Blocks"),
            self.env._("Running campaigns"),
        )
        head = Markup().join(Markup("<th>%s</th>") % name for name in names)
        return Markup(
            '<p class="text-danger">%s</p>'
            '<table class="table table-sm"><thead><tr>%s</tr></thead><tbody>%s</tbody></table>'
        ) % (self.env._("%s must not be contacted.", number), head, rows)

    def _render(self, finding):
        cells = ("list", "dnc_class", "since", "until", "by", "reason", "blocks", "running")
        return Markup().join(Markup("<td>%s</td>") % (finding[name] or "") for name in cells)


class EcmDncAdd(models.TransientModel):
    """Add a contact's numbers to a do-not-contact list, and close its open contacts."""

    _name = "ecm.dnc.add"
    _description = "Do Not Contact"

    contact_id = fields.Many2one("ecm.contact", required=True)
    list_id = fields.Many2one(
        "ecm.dnc.list",
        required=True,
        default=lambda self: self.env.ref(
            "ecm_campaign.ecm_dnc_list_wishes", raise_if_not_found=False
        ),
    )
    which = fields.Selection(
        [("all", "All numbers of the contact"), ("current", "Only the number to call")],
        required=True,
        default="all",
    )
    reason = fields.Char(required=True)

    def action_add(self):
        """List the numbers; open contacts of the company whose numbers are all listed close as *DNC
        Listed*.

        :raise UserError: no number
        """
        self.ensure_one()
        contact = self.contact_id
        contact.check_access("read")
        self.list_id.check_access("read")
        numbers = (
            [contact.number_to_call]
            if self.which == "current"
            else list(filter(None, contact._get_phones()))
        )
        if not numbers:
            raise UserError(self.env._("The contact has no number."))
        # Agents may add, and nothing else: the list itself is the supervisors'.
        self.list_id.sudo()._add(sorted(set(numbers)), self.reason)
        self._close_listed(numbers)
        return {"type": "ir.actions.act_window_close"}

    def _close_listed(self, numbers):
        contacts = self.env["ecm.contact"].sudo()
        contacts.flush_model()
        own = SQL("c.company_id = %s", self.contact_id.company_id.id)
        self.env.cr.execute(contacts._get_matching(PHONE_FIELDS, numbers, own))
        found = contacts.browse(contact_id for (contact_id,) in self.env.cr.fetchall())
        lists = self.env["ecm.dnc.list"]
        closing = []
        for contact in found | self.contact_id.sudo():
            phones_left = set(filter(None, contact._get_phones()))
            listed, _keys = lists._find_listed(contact.campaign_id, phones_left)
            if contact.is_open and not phones_left - set(listed):
                close = decision.Close(decision.DNC_LISTED, decision.SUPPRESSED)
                closing.append(
                    Decided(contact.id, contact.attempt_count, contact.uncounted_count, close)
                )
        contacts._apply_decisions(closing, fields.Datetime.now())
        contacts.invalidate_model()
