from datetime import UTC, datetime

from odoo import api, models
from odoo.exceptions import UserError, ValidationError

CALLBACK = "callback"
# So many refusals are told in the event's history, each with its reason.
TOLD = 20


class EcmCrmEventCallbackMixin(models.AbstractModel):
    """Callbacks that a business event asks for, where callbacks are installed (`ecm_callback`): at
    the first free time of the skill, on the customer's clock.
    """

    _name = "ecm.crm.event.callback.mixin"
    _description = "Callbacks of a Business Event"

    @api.model
    def _has_callbacks(self):
        return "ecm.callback" in self.env

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Nobody is offered what is not installed."""
        described = super().fields_get(allfields, attributes)
        choices = described.get("action", {}).get("selection")
        if choices and not self._has_callbacks():
            offered = [choice for choice in choices if choice[0] != CALLBACK]
            described["action"]["selection"] = offered
        return described

    @api.constrains("action")
    def _check_callbacks(self):
        if not self._has_callbacks() and CALLBACK in self.mapped("action"):
            raise ValidationError(
                self.env._("Install callbacks first, or choose something else that follows.")
            )

    def _promise_callbacks(self, contacts):
        """Promise each customer a callback; those whom it cannot be promised to are told in the
        event's history.

        :param contacts: ``ecm.contact``, with all rights; several may be one customer's
        """
        promised, refusals = 0, []
        for number, contact in self._get_customers(contacts).items():
            try:
                self._promise_callback(contact, number)
                promised += 1
            except UserError as refusal:
                refusals.append(f"{number}: {refusal}")
        self._message_log(body=self._get_promise_text(promised, refusals))

    def _get_customers(self, contacts):
        """:return: ``{number: contact}``, the newest of each number"""
        customers = {}
        for contact in contacts.sorted("id"):
            number = contact.number_to_call or contact.phone_1
            if number:
                customers[number] = contact
        return customers

    def _promise_callback(self, contact, number):
        """:raise UserError: it cannot be promised"""
        callbacks = self.env["ecm.callback"].sudo().with_company(self.company_id)
        skill = contact.campaign_id.callback_skill_id or callbacks._default_skill_id()
        if not skill:
            raise UserError(
                self.env._("The campaign %s has no callback skill.", contact.campaign_id.name)
            )
        slots = callbacks.api_offer_slots(skill.id, number=number, count=1)["slots"]
        if not slots:
            raise UserError(self.env._("No time is free."))
        first = datetime.fromisoformat(slots[0]).astimezone(UTC).replace(tzinfo=None)
        callbacks.create(
            {
                "origin_contact_id": contact.id,
                "number": number,
                "skill_id": skill.id,
                "due_at": first,
                "note": self.name,
            }
        )

    def _get_promise_text(self, promised, refusals):
        """What has become of it, as a text for the history."""
        lines = [self.env._("Callbacks that were promised: %s.", promised)]
        if refusals:
            lines.append(self.env._("Not promised: %s.", len(refusals)))
        return "\n".join([*lines, *refusals[:TOLD]])
