from urllib.parse import urlencode

from odoo import api, fields, models

from odoo.addons.ecm_campaign.actions import open_form
from odoo.addons.ecm_campaign.tools import phones

# More records than this are not listed: the number is no person's.
LISTED_AT_MOST = 40
MAX_VALUE = 64


class EcmCrmPop(models.TransientModel):
    """Who is on the phone: opened by the agent's desktop, by the number or the account number of a
    call (requirement R1).

    One record opens at once; of several the agent chooses, and who is not known is entered.
    """

    _name = "ecm.crm.pop"
    _description = "Screen Pop"

    phone = fields.Char(readonly=True)
    account = fields.Char("Account number", readonly=True)
    line_ids = fields.One2many("ecm.crm.pop.line", "pop_id", string="Who it may be", readonly=True)
    may_create_lead = fields.Boolean(compute="_compute_may_create")
    may_create_partner = fields.Boolean(compute="_compute_may_create")

    @api.depends("phone", "account")
    def _compute_display_name(self):
        for pop in self:
            pop.display_name = pop.phone or pop.account or self.env._("Call")

    @api.depends_context("uid")
    def _compute_may_create(self):
        self.may_create_lead = self.env["crm.lead"].has_access("create")
        self.may_create_partner = self.env["res.partner"].has_access("create")

    # -- found ------------------------------------------------------------------------------------

    @api.model
    def _find(self, phone=None, account=None):
        """The records that a call may be about, as far as the user may see them.

        :param str phone: the number that was called, or that calls
        :param str account: the dialer's account number (the key of an attempt), or the customer's
            key
        :return: list of records of leads, customers and contacts, each once
        """
        number = self._read_number(phone)
        found = self._find_by_account((account or "").strip()[:MAX_VALUE])
        return found or self._find_by_number(number)

    @api.model
    def _read_number(self, phone):
        """The number in E.164, or as it is where it is none; a plus in an address is a blank."""
        text = (phone or "").strip()[:MAX_VALUE]
        country = self.env.company.country_id.code
        number, _reason = phones.normalise(text, country)
        if not number and text.isdecimal():
            number, _reason = phones.normalise(f"+{text}", country)
        return number or text

    def _find_call(self, account):
        """The call that a campaign made under an account number.

        :return: ``ecm.attempt`` with all rights, of a company of the user's
        """
        attempts = self.env["ecm.attempt"].sudo()
        if not account:
            return attempts
        companies = ("company_id", "in", self.env.companies.ids)
        return attempts.search([("key", "=", account), companies], limit=1)

    def _find_by_account(self, account):
        if not account:
            return []
        companies = ("company_id", "in", self.env.companies.ids)
        contacts = self._find_call(account).contact_id
        if not contacts:
            domain = [("account_number", "=", account), companies]
            contacts = contacts.search(domain, order="id desc", limit=LISTED_AT_MOST)
        # The lead of the call says more than the customer.
        found = self._get_records(contacts)
        return found or self._search_own("res.partner", [("ref", "=", account)])

    def _find_by_number(self, number):
        if not number:
            return []
        same_number = [("phone_sanitized", "=", number)]
        leads = self._search_own("crm.lead", [*same_number, ("won_status", "=", "pending")])
        partners = self._search_own("res.partner", same_number)
        # Customers of leads that are found are on the leads.
        known = {lead.partner_id for lead in leads}
        found = [*leads, *(partner for partner in partners if partner not in known)]
        if found:
            return found
        # Numbers that only campaigns know.
        domain = [("company_id", "in", self.env.companies.ids)]
        ids = self.env["ecm.contact"].sudo()._find_ids_by_number(number, LISTED_AT_MOST)
        contacts = self.env["ecm.contact"].sudo().browse(ids).filtered_domain(domain)
        return self._get_records(contacts)

    def _search_own(self, model, domain):
        records = self.env[model]
        if not records.has_access("read"):
            return []
        return list(records.search(domain, limit=LISTED_AT_MOST))

    def _get_records(self, contacts):
        """What contacts are about: the lead, else the customer, else the contact itself.

        :param contacts: with all rights
        :return: list of records with the user's rights
        """
        found = {}
        for contact in contacts:
            for record in (contact.lead_id, contact.partner_id, contact):
                own = self.env[record._name].browse(record.ids)
                if own and own.has_access("read"):
                    found[own] = own
                    break
        return list(found)

    # -- shown ------------------------------------------------------------------------------------

    @api.model
    def _get_path(self, phone=None, account=None):
        """The page of Odoo's web client that a call opens.

        :return: a path such as ``/odoo/crm.lead/7``, with what leads the agent through the call
        """
        found = self._find(phone, account)
        query = self._get_query(found, (account or "").strip()[:MAX_VALUE])
        if len(found) == 1:
            return f"/odoo/{found[0]._name}/{found[0].id}{query}"
        lines = [fields.Command.create(self._prepare_line(record)) for record in found]
        pop = self.create(
            {
                "phone": self._read_number(phone),
                "account": (account or "").strip()[:MAX_VALUE],
                "line_ids": lines,
            }
        )
        return f"/odoo/{self._name}/{pop.id}{query}"

    def _get_query(self, found, account):
        """The script of the call, for whoever sees whom it is about (requirement R10).

        :param found: records that the user sees
        :return: the end of an address, empty for none
        """
        attempt = self._find_call(account)
        contact = attempt.contact_id
        about = {contact, contact.lead_id, contact.partner_id}
        if not contact or about.isdisjoint(record.sudo() for record in found):
            return ""
        user = self.env.user
        path = attempt._get_guidance_path(user.login, user)
        return "?" + urlencode({"guidance": path}) if path else ""

    def _prepare_line(self, record):
        details = {
            "crm.lead": ("partner_name", "stage_id", "user_id"),
            "res.partner": ("commercial_company_name", "city", "user_id"),
            "ecm.contact": ("campaign_id", "state"),
        }
        values = [record[name] for name in details[record._name]]
        texts = [value.display_name if hasattr(value, "_name") else value for value in values]
        return {
            "model": record._name,
            "res_id": record.id,
            "name": record.display_name,
            "detail": ", ".join(filter(None, texts)),
        }

    def action_create_lead(self):
        """Enter who calls as a new lead."""
        self.ensure_one()
        context = {"default_phone": self.phone, "default_type": "opportunity"}
        return open_form(self.env["crm.lead"], context=context)

    def action_create_partner(self):
        """Enter who calls as a new customer."""
        self.ensure_one()
        context = {"default_phone": self.phone, "default_ref": self.account}
        return open_form(self.env["res.partner"], context=context)
