from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL, email_normalize

SOURCE = "privacy"


class PrivacyLookupWizard(models.TransientModel):
    """Odoo's privacy look-up finds what campaigns know of a person, by e-mail and by the phone
    numbers of that person's contacts in Odoo (requirement N6).
    """

    _inherit = "privacy.lookup.wizard"

    def _get_query_models_blacklist(self):
        # They are found by phone too, and in a statement of their own.
        own = self.env["ecm.erasable.mixin"]._get_erasable()
        return super()._get_query_models_blacklist() + [model._name for model in own]

    def _get_query(self):
        query = super()._get_query()
        person = self._get_ecm_person()
        for model in self.env["ecm.erasable.mixin"]._get_erasable():
            query = SQL(
                """%s UNION ALL
                   SELECT %s AS res_model_id, found.id AS res_id, TRUE AS is_active
                     FROM (%s) AS found(id)""",
                query,
                self.env["ir.model"]._get_id(model._name),
                model._find_person(person),
            )
        return query

    def _get_ecm_person(self):
        """Who is looked for, in all companies, as core looks.

        :rtype: tools.erasure.Person
        """
        email = email_normalize(self.email.strip())
        named = Domain("email_normalized", "=", email) | Domain("name", "=ilike", self.name.strip())
        partners = self.env["res.partner"].sudo().with_context(active_test=False).search(named)
        companies = self.env["res.company"].sudo().search([])
        person = self.env["ecm.erasure"]._get_person_of_partners(partners)
        return person._replace(company_ids=frozenset(companies.ids), emails=person.emails | {email})


class PrivacyLookupWizardLine(models.TransientModel):
    """Deleting what the look-up has found makes it anonymous where calls must stay evident."""

    _inherit = "privacy.lookup.wizard.line"

    def action_unlink(self):
        """A contact that was called is not deleted but made anonymous; with one of Odoo's contacts
        goes what campaigns know of the person.
        """
        self.ensure_one()
        # What Odoo asks of whoever opens the look-up.
        self.check_access("write")
        record = self._get_ecm_record()
        if not record or self.is_unlinked:
            if self.res_model == "res.partner" and not self.is_unlinked:
                self._erase_ecm_partner()
            return super().action_unlink()
        self.env["ecm.erasure"]._erase_record(record, SOURCE)
        label = self.res_model_id.name
        self.execution_details = self.env._(
            "Made anonymous: %(what)s #%(id)s", what=label, id=record.id
        )
        self.is_unlinked = True
        return None

    def _get_ecm_record(self):
        """What the line is about, if it is one of ours that is made anonymous."""
        names = {model._name for model in self.env["ecm.erasable.mixin"]._get_erasable()}
        if self.res_model not in names:
            return None
        return self.env[self.res_model].sudo().browse(self.res_id).exists()

    def _erase_ecm_partner(self):
        partner = self.env["res.partner"].sudo().browse(self.res_id).exists()
        companies = self.env["res.company"].sudo().search([])
        person = self.env["ecm.erasure"]._get_person_of_partners(partner)
        person = person._replace(company_ids=frozenset(companies.ids))
        found = self.env["ecm.erasure"]._count_person(person)
        # Nobody needs a report of nothing.
        if found:
            self.env["ecm.erasure"]._erase_person(person, SOURCE)
