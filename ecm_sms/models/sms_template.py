import logging

from odoo import models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)


class SmsTemplate(models.Model):
    _inherit = "sms.template"

    def _render_for_contacts(self, contact_ids):
        """The texts of contacts (requirement M4). Those for whom it fails are left out: a wrong
        field must not keep the others.

        :return: ``{id of the contact: text}``
        """
        self.ensure_one()
        try:
            return self._render_field("body", contact_ids)
        except UserError:
            return self._render_one_by_one(contact_ids)

    def _render_one_by_one(self, contact_ids):
        texts, problems = {}, []
        for contact_id in contact_ids:
            try:
                texts |= self._render_field("body", [contact_id])
            except UserError as error:
                problems.append(str(error))
        if problems:
            # One line for all of them; whose it is says the contact.
            count = len(problems)
            _logger.warning("Template %s fails for %d contacts: %s", self.id, count, problems[0])
        return texts
