import logging

from odoo import api, models
from odoo.exceptions import UserError

from ..tools.merging import read_body, translate, without_names

_logger = logging.getLogger(__name__)
CONTACTS = "ecm.contact"


class SmsTemplate(models.Model):
    """Messages of campaigns name fields as people do: ``{{ Order number }}`` is the business
    parameter that the contact's campaign calls so (requirement M4).
    """

    _inherit = "sms.template"

    def _render_for_contacts(self, contact_ids, source=None):
        """The texts of contacts. Those for whom it fails are left out: a wrong field must not keep
        the others.

        :param source: in place of the template's own text
        :return: ``{id of the contact: text}``
        """
        self.ensure_one()
        source = self.body if source is None else source
        try:
            return self._render_source(source, contact_ids)
        except UserError:
            return self._render_one_by_one(source, contact_ids)

    def _render_one_by_one(self, source, contact_ids):
        texts, problems = {}, []
        for contact_id in contact_ids:
            try:
                texts |= self._render_source(source, [contact_id])
            except UserError as error:
                problems.append(str(error))
        if problems:
            # One line for all of them; whose it is says the contact.
            count = len(problems)
            _logger.warning("Template %s fails for %d contacts: %s", self.id, count, problems[0])
        return texts

    def _render_source(self, source, contact_ids):
        return self._render_template(source, CONTACTS, contact_ids)

    @api.model
    def _render_template_inline_template(
        self, template_txt, model, res_ids, add_context=None, options=None
    ):
        if model != CONTACTS:
            return super()._render_template_inline_template(
                template_txt, model, res_ids, add_context, options
            )
        rendered = {}
        contacts = self.env[model].browse(res_ids)
        for campaign, own in contacts.grouped("campaign_id").items():
            names = campaign.sudo()._get_merge_names()
            body = read_body(template_txt or "", names)
            if body.unknown:
                raise UserError(campaign._get_unknown_text(body.unknown))
            if body.foreign:
                text = translate(template_txt, names, campaign._get_merge_expressions())
                rendered |= super()._render_template_inline_template(
                    text, model, own.ids, add_context, options
                )
                continue
            # Nothing is to be computed: thousands of texts a second.
            for contact_id, values in own._get_merge_values(body.get_sources()).items():
                rendered[contact_id] = body.fill(values)
        return rendered

    @api.model
    def _has_unsafe_expression_template_inline_template(self, template_txt, model, fname=None):
        # What is nothing but a name computes nothing: whoever writes messages may use it.
        if model == CONTACTS and template_txt:
            template_txt = without_names(str(template_txt))
        return super()._has_unsafe_expression_template_inline_template(template_txt, model, fname)
