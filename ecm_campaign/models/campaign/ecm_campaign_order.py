from functools import partial

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import BUSINESS_PARAMETERS
from ...sql import sort_key

# So many ids of contacts are looked at in one transaction.
ORDER_BATCH = 100_000
# What contacts can be called in the order of, beside parameters and fields of one's own.
ORDER_FIELDS = ("last_name", "first_name", "account_number", "email", "tz", "added_at", "phone_1")
ORDERING = {"dial_order", "order_field", "order_descending"}


class EcmCampaignOrderMixin(models.AbstractModel):
    """In which order a campaign calls its contacts (requirements C6, C11).

    By a field, each contact keeps a key that sorts as the field does. The key is worked out when a
    contact comes or changes, and for all of them in the background when the order changes: a claim
    reads an index.
    """

    _name = "ecm.campaign.order.mixin"
    _description = "Dial Order of a Campaign"
    _inherit = ["mail.thread", "ecm.transaction.mixin"]

    dial_order = fields.Selection(
        [
            ("fifo", "First in, first out"),
            ("lifo", "Last in, first out"),
            ("priority", "Highest priority first"),
            ("field", "By a field or parameter"),
        ],
        string="Dial order",
        required=True,
        default="fifo",
        tracking=True,
    )
    order_field = fields.Selection(
        "_get_order_choices",
        "In the order of",
        tracking=True,
        help="Numbers go by their size and before texts. Who has no value is called last.",
    )
    order_descending = fields.Boolean("Largest first", tracking=True)
    retry_order = fields.Selection(
        [("before", "Retries before fresh contacts"), ("after", "Fresh contacts before retries")],
        string="Retries",
        required=True,
        default="before",
        tracking=True,
    )
    is_ordering = fields.Boolean(
        readonly=True, copy=False, help="Its contacts are being put in order."
    )
    ordered_up_to = fields.Integer(readonly=True, copy=False, help="Id of the last contact.")

    @api.model
    def _get_order_choices(self):
        contact_fields = self.env["ecm.contact"]._fields
        own = [name for name, field in contact_fields.items() if field.manual and field.column_type]
        choices = []
        for name in (*ORDER_FIELDS, *own):
            choices.append((name, contact_fields[name]._description_string(self.env)))
        for number, name in enumerate(BUSINESS_PARAMETERS, start=1):
            choices.append((name, self.env._("Business Parameter %s", number)))
        return choices

    @api.constrains("dial_order", "order_field")
    def _check_order_field(self):
        for campaign in self:
            if campaign.dial_order == "field" and not campaign.order_field:
                raise ValidationError(
                    self.env._("Choose the field or parameter in whose order contacts are called.")
                )

    def write(self, vals):
        result = super().write(vals)
        if ORDERING.intersection(vals):
            self.sudo()._begin_ordering()
        return result

    def _begin_ordering(self):
        """Have all keys worked out anew; until then the first that came is called first."""
        by_field = self.filtered(lambda campaign: campaign.dial_order == "field")
        if not by_field:
            return
        by_field.write({"is_ordering": True, "ordered_up_to": 0})
        self.env.ref("ecm_campaign.ir_cron_order")._trigger()

    def _get_dial_order(self):
        """The order that claims go by: a key of ``DIAL_ORDERS``."""
        if self.dial_order != "field":
            return self.dial_order
        if self.is_ordering:
            return "fifo"
        return "descending" if self.order_descending else "ascending"

    def _get_order_key(self):
        """What the contact ``c`` of a statement is sorted by.

        :rtype: SQL
        """
        name = self.order_field
        is_parameter = name in BUSINESS_PARAMETERS
        kind = "char" if is_parameter else self.env["ecm.contact"]._fields[name].type
        return sort_key(name, kind, is_parameter, empty_first=self.order_descending)

    @api.model
    def _cron_order_contacts(self):
        """Put the contacts of campaigns in order whose order has changed."""
        for campaign in self.search([("is_ordering", "=", True)]):
            order = partial(campaign._order_next, ORDER_BATCH)
            while self._atomically(order):
                # What time does not last for is done in the next run.
                if not self._commit(processed=1, remaining=1):
                    return

    def _order_next(self, count):
        """Work out the keys of the next contacts.

        :param int count: of ids, of whatever campaign
        :return: whether there are more
        """
        contacts, first = self.env["ecm.contact"], self.ordered_up_to
        last = first + count
        contacts._key_range(self, first, last)
        is_ordering = last < contacts._get_last_id()
        self.write({"is_ordering": is_ordering, "ordered_up_to": last})
        return is_ordering
