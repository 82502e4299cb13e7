import uuid

from odoo import fields, models
from odoo.exceptions import UserError

from ..clients.exceptions import SettingsError
from ..models.ecm_sms_report import TEST_PREFIX
from ..sender import make_message
from odoo.addons.ecm_campaign.actions import open_form
from odoo.addons.ecm_campaign.tools import phones


class EcmSmsTest(models.TransientModel):
    """One message through a gateway, with what was asked and answered (requirement M1)."""

    _name = "ecm.sms.test"
    _description = "Send a Test Message"

    gateway_id = fields.Many2one("ecm.sms.gateway", required=True, ondelete="cascade")
    number = fields.Char(help="In international notation, or of the company's country.")
    text = fields.Char(default=lambda self: self.env._("Test of the SMS gateway"))
    verdict = fields.Selection(
        [
            ("accepted", "The gateway has taken the message."),
            ("refused", "The gateway refuses this message."),
            ("busy", "The gateway takes nothing at the moment."),
            ("misused", "The gateway refuses us: check address, user and password."),
            ("unreachable", "The gateway cannot be reached."),
            ("doubtful", "The answer does not say whether the message was taken."),
        ],
        readonly=True,
    )
    request = fields.Text("Asked", readonly=True)
    answer = fields.Text("Answered", readonly=True)

    def action_send(self):
        """Send it now, and show the request, its secrets masked, and the answer.

        :raise UserError: this is no number, this database is a copy, or a setting cannot be used
        """
        self.ensure_one()
        self.gateway_id.check_access("write")
        self.env["ecm.database.identity"]._check()
        message = make_message(
            f"{TEST_PREFIX}{uuid.uuid4().hex}", self._get_number(), self.text or ""
        )
        try:
            client = self.gateway_id._get_client()
        except SettingsError as error:
            raise UserError(self.gateway_id._get_settings_error(error)) from error

        answer = client.send_one(message)
        self.verdict = answer.kind
        self.request = _describe(client.show_request(message))
        said = client.hide_secrets(answer.text)
        self.answer = f"HTTP {answer.status}\n{said}" if answer.status else said
        return open_form(self, name=self.env._("Send a test message"), target="new")

    def _get_number(self):
        """:raise UserError: it is no number"""
        country = self.gateway_id.company_id.country_id.code
        number, reason = phones.normalise(self.number or "", country)
        if reason:
            raise UserError(self.env["ecm.contact.list.reject"]._get_reason_text(reason))
        return number


def _describe(request):
    """:param request: a ``clients.http_gateway.Request``"""
    lines = [f"{request.method} {request.url}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    if request.body:
        lines += ["", request.body.decode()]
    return "\n".join(lines)
