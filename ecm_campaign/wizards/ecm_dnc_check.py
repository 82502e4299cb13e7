from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..actions import CLOSE, notify, open_form, open_window
from ..const import PHONE_FIELDS
from ..tools import phones
from ..tools import strategy as decision
from ..tools.results import Decided

GOOD_SENTENCE = Markup('<p class="text-success">%s</p>')
BAD_SENTENCE = Markup('<p class="text-danger">%s</p>')
TABLE = Markup('<table class="table table-sm"><thead><tr>%s</tr></thead><tbody>%s</tbody></table>')
HEADING = Markup("<th>%s</th>")
ROW = Markup("<tr>%s</tr>")
CELL = Markup("<td>%s</td>")


class EcmDncCheck(models.TransientModel):
    """*Check a number*: where it is listed, since and until when, and what is blocked by that
    (requirement N1).
    """

    _name = "ecm.dnc.check"
    _description = "Check a Number"

    number = fields.Char(required=True)
    country_id = fields.Many2one("res.country", default=lambda self: self.env.company.country_id)
    result_html = fields.Html(compute="_compute_result", sanitize=False)
    is_free = fields.Boolean(compute="_compute_result", help="It is a number that is on no list.")

    @api.depends("number", "country_id")
    def _compute_result(self):
        for check in self:
            check.is_free = False
            check.result_html = check._get_result() if check.number else False

    def action_check(self):
        """Show the answer; typing another number and leaving the field does the same."""
        self.ensure_one()
        return open_window(self.env, "ecm_campaign.ecm_dnc_check_action", res_id=self.id)

    def action_block(self):
        """Ask on which list the number goes, and why.

        :raise UserError: it is no number
        """
        self.ensure_one()
        number, reason = phones.normalise(self.number, self.country_id.code)
        if reason:
            text = self.env["ecm.contact.list.reject"]._get_reason_text(reason)
            raise UserError(text)
        return open_form(
            self.env["ecm.dnc.add"],
            name=self.env._("Do not contact"),
            target="new",
            context={"default_number": number},
        )

    def _get_result(self):
        number, reason = phones.normalise(self.number, self.country_id.code)
        if reason:
            rejects = self.env["ecm.contact.list.reject"]
            text = rejects._get_reason_text(reason)
            return BAD_SENTENCE % text

        findings = self.env["ecm.dnc.list"].check_number(number)
        if not findings:
            self.is_free = True
            text = self.env._("%s is on no do-not-contact list and may be contacted.", number)
            return GOOD_SENTENCE % text

        text = self.env._("%s must not be contacted.", number)
        sentence = BAD_SENTENCE % text
        return sentence + self._render_table(findings)

    def _render_table(self, findings):
        columns = self._get_columns()
        headings = Markup()
        for label in columns.values():
            headings += HEADING % label
        rows = Markup()
        for finding in findings:
            cells = self._render_cells(finding, columns)
            rows += ROW % cells
        return TABLE % (headings, rows)

    @api.model
    def _get_columns(self):
        """:return: ``{key of a finding: what people call it}``"""
        return {
            "list": self.env._("List"),
            "dnc_class": self.env._("Kind of list"),
            "since": self.env._("Since"),
            "until": self.env._("Until"),
            "by": self.env._("Added by"),
            "reason": self.env._("Reason"),
            "blocks": self.env._("Holds for"),
            "running": self.env._("Running campaigns"),
        }

    @api.model
    def _render_cells(self, finding, columns):
        cells = Markup()
        for key in columns:
            text = finding[key] or ""
            cells += CELL % text
        return cells


class EcmDncAdd(models.TransientModel):
    """Add a contact's numbers, or one number, to a do-not-contact list, and close open contacts."""

    _name = "ecm.dnc.add"
    _description = "Do Not Contact"

    contact_id = fields.Many2one("ecm.contact")
    number = fields.Char(help="In international notation. Empty: the numbers of the contact.")
    list_id = fields.Many2one(
        "ecm.dnc.list",
        required=True,
        default=lambda self: self.env["ecm.dnc.list"]._get_wishes_of(self.env.company),
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

        :return: an action that says what was listed, and in which campaigns contacts closed
        :raise UserError: no number
        """
        self.ensure_one()
        self.contact_id.check_access("read")
        self.list_id.check_access("read")
        numbers = self._get_numbers()
        if not numbers:
            raise UserError(self.env._("The contact has no number."))
        # Agents may add, and nothing else: the list itself is the supervisors'.
        self.list_id.sudo()._add(sorted(set(numbers)), self.reason)
        closed = self._close_listed(numbers)
        return notify(self._get_added_text(numbers, closed), then=CLOSE)

    def _get_added_text(self, numbers, closed):
        """What happened, as sentences."""
        added = self.env._(
            "%(numbers)s: on %(list)s now.",
            numbers=", ".join(sorted(set(numbers))),
            list=self.list_id.sudo().name,
        )
        if not closed:
            return self.env._("%s No contact was open with it.", added)
        places = []
        for campaign, contacts in closed.grouped("campaign_id").items():
            places.append(f"{campaign.name} ({len(contacts)})")
        where = ", ".join(places)
        return self.env._("%(added)s Contacts closed: %(where)s.", added=added, where=where)

    def _get_numbers(self):
        """:return: list of the numbers that were chosen"""
        if not self.contact_id:
            return self._get_typed()
        if self.which == "current":
            return [self.contact_id.number_to_call]
        return list(filter(None, self.contact_id._get_phones()))

    def _get_typed(self):
        """:raise UserError: it is no number"""
        number, reason = phones.normalise(self.number or "", self.env.company.country_id.code)
        if reason:
            raise UserError(self.env["ecm.contact.list.reject"]._get_reason_text(reason))
        return [number]

    def _close_listed(self, numbers):
        """Close open contacts of the company that have one of these numbers, and none left that
        may be called.

        :return: those that were closed, with all rights
        """
        close = decision.Close(decision.DNC_LISTED, decision.SUPPRESSED)
        contacts = self._find_contacts(numbers) | self.contact_id.sudo()
        closing = []
        for contact in contacts.filtered("is_open"):
            # Each campaign has its own lists that hold for it.
            if self._has_free_number(contact):
                continue
            decided = Decided(
                contact.id,
                contact.attempt_count,
                contact.uncounted_count,
                close,
            )
            closing.append(decided)
        contacts._apply_decisions(closing, fields.Datetime.now())
        contacts.invalidate_model()
        return contacts.browse(decided.contact_id for decided in closing)

    def _find_contacts(self, numbers):
        """Contacts of the company that have one of these numbers, with all rights."""
        contacts = self.env["ecm.contact"].sudo()
        contacts.flush_model()
        company = self.contact_id.company_id or self.env.company
        own = SQL("c.company_id = %s", company.id)
        matching = contacts._get_matching(PHONE_FIELDS, numbers, own)
        self.env.cr.execute(matching)
        ids = [contact_id for (contact_id,) in self.env.cr.fetchall()]
        return contacts.browse(ids)

    def _has_free_number(self, contact):
        """Whether the contact has a number that is on no list."""
        given = contact._get_phones()
        numbers = set(filter(None, given))
        lists = self.env["ecm.dnc.list"]
        listed, _keys = lists._find_listed(contact.campaign_id, numbers)
        free = numbers.difference(listed)
        return bool(free)
