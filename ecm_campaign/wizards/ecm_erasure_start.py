from odoo import api, fields, models

from ..actions import open_form


class EcmErasureStart(models.TransientModel):
    """Says what campaigns know of a person before it is erased (requirement N6)."""

    _name = "ecm.erasure.start"
    _description = "Erase a Person"

    partner_ids = fields.Many2many("res.partner", string="Customers")
    contact_ids = fields.Many2many("ecm.contact", string="Contacts of campaigns")
    numbers = fields.Text(
        "Phone numbers",
        compute="_compute_person",
        store=True,
        readonly=False,
        help="One in each line, with its country code.",
    )
    emails = fields.Text(
        "E-mails",
        compute="_compute_person",
        store=True,
        readonly=False,
        help="One in each line.",
    )
    keys = fields.Text(
        "Customer keys",
        compute="_compute_person",
        store=True,
        readonly=False,
        help="One in each line, as your own systems call the customer.",
    )
    reference = fields.Char(
        "Request", help="Its number in your own files, for the report. No names."
    )
    suppress = fields.Boolean(
        "Never contact again",
        default=True,
        help="A keyed digest of each number and key stays on the list of customers' wishes. Whoever "
        "uploads them again does not call them; nobody can read the numbers from it.",
    )
    found_text = fields.Text("Found", compute="_compute_found_text")

    @api.model
    def default_get(self, fields):
        """What is chosen in the list from which it was opened."""
        values = super().default_get(fields)
        model, ids = self.env.context.get("active_model"), self.env.context.get("active_ids")
        names = {"res.partner": "partner_ids", "ecm.contact": "contact_ids"}
        if model in names and ids:
            values[names[model]] = [(6, 0, ids)]
        return values

    @api.depends("partner_ids", "contact_ids")
    def _compute_person(self):
        for wizard in self:
            wizard.contact_ids.check_access("read")
            wizard.partner_ids.check_access("read")
            person = self.env["ecm.erasure"]._get_person_of_partners(wizard.partner_ids)
            contacts = wizard.contact_ids
            numbers, keys = contacts.sudo()._get_numbers_and_keys(contacts.ids)
            emails = {email.strip().lower() for email in contacts.mapped("email") if email}
            wizard.numbers = _join(person.numbers | numbers)
            wizard.emails = _join(person.emails | emails)
            wizard.keys = _join(keys)

    @api.depends("numbers", "emails", "keys", "partner_ids")
    def _compute_found_text(self):
        for wizard in self:
            wizard.found_text = wizard._describe_found() if wizard._has_values() else False

    def _has_values(self):
        values = (self.numbers, self.emails, self.keys)
        return bool(self.partner_ids) or any((value or "").strip() for value in values)

    def _describe_found(self):
        person = self._get_person()
        counts = self.env["ecm.erasure"]._count_person(person)
        lines = []
        for name, count in counts.items():
            lines.append(f"{self.env['ir.model']._get(name).name}: {count}")
        return "\n".join(lines) or self.env._("Campaigns know nothing of this person.")

    def _get_person(self):
        """:rtype: tools.erasure.Person"""
        erasures = self.env["ecm.erasure"]
        erasures._check_may_erase()
        self.partner_ids.check_access("read")
        lines = [_split(text) for text in (self.numbers, self.emails, self.keys)]
        partners = erasures._get_person_of_partners(self.partner_ids)
        if not any(lines):
            return partners
        person = erasures._read_person(*lines)
        return person._replace(partner_ids=partners.partner_ids)

    def action_erase(self):
        """Erase it, and show the report."""
        self.ensure_one()
        erasures = self.env["ecm.erasure"]._erase_person(
            self._get_person(), "request", self.reference, self.suppress
        )
        return open_form(erasures.with_env(self.env)[:1])


def _join(values):
    return "\n".join(sorted(values))


def _split(text):
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
