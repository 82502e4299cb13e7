from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..clients import settings as reading
from ..clients.answers import FAILURES
from ..clients.exceptions import SettingsError
from ..clients.presets import PRESETS, PRESETS_WITHOUT_REPLIES
from odoo.addons.ecm_campaign.const import ADMINISTRATOR

PRICE_DIGITS = (12, 5)
STATUSES = FAILURES | {"sent", "delivered"}
# What is read from each of these texts, and by whom.
READERS = {
    "url": reading.read_url,
    "poll_url": reading.read_poll_url,
    "parameters": reading.read_pairs,
    "headers": reading.read_headers,
    "accepted": reading.read_patterns,
    "error_map": lambda text: reading.read_map(text, FAILURES),
    "status_map": lambda text: reading.read_map(text, STATUSES),
}
# Whether a message is taken depends on them.
REQUEST_FIELDS = frozenset(
    {
        *("preset", "url", "method", "body", "parameters", "json_body", "headers"),
        *("accepted", "id_path", "error_map", "user", "password_secret", "sender"),
        *("verify_tls", "connect_timeout", "read_timeout"),
    }
)


class EcmSmsGatewaySettings(models.AbstractModel):
    """How a gateway is spoken to, as data (requirement M1). Only administrators may write it: it
    says to which host the server sends requests.
    """

    _name = "ecm.sms.gateway.settings.mixin"
    _description = "Settings of an SMS Gateway"
    _inherit = ["ecm.secret.mixin"]

    preset = fields.Selection(
        [
            ("kannel", "Kannel"),
            ("rest", "REST with JSON"),
            ("form", "Form, as Twilio"),
            ("odoo", "Odoo's own"),
            ("other", "Another one"),
        ],
        "Kind",
        required=True,
        default="kannel",
        help="Fills in the settings of the request; all of them can be changed. Odoo's own: messages "
        "go through the provider that the company has chosen for Odoo, its paid service or Twilio.",
    )
    url = fields.Char(
        "Address",
        required=True,
        groups=ADMINISTRATOR,
        help="Where messages are sent. Placeholders may stand behind the host.",
    )
    method = fields.Selection(
        [("GET", "GET"), ("POST", "POST")], required=True, default="GET", groups=ADMINISTRATOR
    )
    body = fields.Selection(
        [("query", "In the address"), ("form", "As a form"), ("json", "As JSON")],
        "Parameters are sent",
        required=True,
        default="query",
        groups=ADMINISTRATOR,
    )
    parameters = fields.Text(groups=ADMINISTRATOR, help="A line for each: name = value")
    json_body = fields.Text(
        "JSON", groups=ADMINISTRATOR, help="Placeholders stand inside quotation marks."
    )
    headers = fields.Text(groups=ADMINISTRATOR, help="A line for each: Name: value")
    accepted = fields.Text(
        "Taken when it answers",
        groups=ADMINISTRATOR,
        help="A line for each text that means that the message was taken. * stands for anything, "
        "{id} for the gateway's own ID. Empty: any answer of HTTP status 200 to 299.",
    )
    id_path = fields.Char(
        "ID in a JSON answer",
        groups=ADMINISTRATOR,
        help="For example messages.0.id. An answer without it leaves open whether the message was "
        "taken.",
    )
    error_map = fields.Text(
        "Refused when it answers",
        groups=ADMINISTRATOR,
        help="A line for each text or HTTP status, with what is wrong: no such user = "
        "sms_invalid_destination",
    )
    user = fields.Char(groups=ADMINISTRATOR)
    sender = fields.Char(help="Name or number that messages come from.")
    verify_tls = fields.Boolean("Check the certificate", default=True, groups=ADMINISTRATOR)
    connect_timeout = fields.Integer("Connect time-out (s)", default=5, required=True)
    read_timeout = fields.Integer("Answer time-out (s)", default=30, required=True)
    rate = fields.Float("Messages a second", default=0, help="At most. 0: no limit.")
    part_price = fields.Float(
        "Price of a part",
        digits=PRICE_DIGITS,
        help="What the gateway charges for 160 characters, or 70 of Unicode. 0: not known.",
    )
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.company.currency_id
    )
    connections = fields.Integer(
        default=10, required=True, help="Messages that are under way at a time."
    )

    status_map = fields.Text(
        "Delivery statuses",
        groups=ADMINISTRATOR,
        help="A line for each: what the gateway writes = sent, delivered, or what is wrong.",
    )
    report_key = fields.Char("Our key", groups=ADMINISTRATOR, help="Its name in a delivery report.")
    report_reference = fields.Char(
        "The gateway's ID", groups=ADMINISTRATOR, help="Its name in a delivery report."
    )
    report_status = fields.Char("Status", groups=ADMINISTRATOR)
    poll_url = fields.Char(
        "Status is asked for at",
        groups=ADMINISTRATOR,
        help="Only where the gateway does not report by itself. {reference} is its own ID of a "
        "message, {key} ours.",
    )
    poll_status = fields.Char(
        "Status in the answer",
        groups=ADMINISTRATOR,
        help="A place in JSON such as message.status, or a text with {id} in the status's place.",
    )
    takes_replies = fields.Boolean(
        "Delivers replies",
        default=True,
        help="Off: nobody can answer, and contacts close when the time for a reply is over.",
    )
    answers_replies = fields.Boolean(
        "Answers STOP, START and HELP",
        default=True,
        help="Off: the gateway or its operator answers already.",
    )
    reply_number = fields.Char("Sender's number", groups=ADMINISTRATOR, help="Its name in a reply.")
    reply_text = fields.Char("Text", groups=ADMINISTRATOR)
    reply_reference = fields.Char(
        "Message ID", groups=ADMINISTRATOR, help="A reply that comes twice is known by it."
    )

    _limits_positive = models.Constraint(
        "CHECK(connect_timeout > 0 AND read_timeout > 0 AND rate >= 0 AND connections "
        "BETWEEN 1 AND 100)",
        "Time-outs are greater than 0, and connections 1 to 100.",
    )
    _price_positive = models.Constraint(
        "CHECK(part_price >= 0)", "The price of a part is a number from 0 on."
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Where nothing else is said, the settings are those of the preset."""
        return super().create([self._with_preset(vals) for vals in vals_list])

    def _with_preset(self, vals):
        return {**self._get_preset_values(vals.get("preset", "kannel")), **vals}

    @api.onchange("preset")
    def _onchange_preset(self):
        for gateway in self:
            gateway.update(self._get_preset_values(gateway.preset))

    def _get_preset_values(self, preset):
        """What a preset fills in; nothing for one that has no settings."""
        values = PRESETS.get(preset)
        if not values:
            return {}
        return {**values, "takes_replies": preset not in PRESETS_WITHOUT_REPLIES}

    _poll_complete = models.Constraint(
        "CHECK(poll_url IS NULL OR poll_status IS NOT NULL)",
        "Status in the answer: say where it stands.",
    )

    @api.constrains(*READERS, "json_body", "body")
    def _check_settings(self):
        for gateway in self:
            try:
                gateway.sudo()._read_settings()
            except SettingsError as error:
                raise ValidationError(gateway._get_settings_error(error)) from error

    def _read_settings(self):
        """:return: ``{field: what it holds}``
        :raise SettingsError: one of them cannot be used
        """
        found = {"json_body": None}
        for name, read in READERS.items():
            found[name] = read(self[name] or "")
        if self.body == "json":
            found["json_body"] = reading.read_json(self.json_body or "{}")
        return found

    def _get_settings_error(self, error):
        """A mistake in the settings as a sentence."""
        return {
            "bad_url": self.env._(
                "%s is not an address of a gateway: it begins with http:// or https:// and a host, "
                "and holds no password.",
                error.word,
            ),
            "no_pair": self.env._("%s: write name = value.", error.word),
            "no_header": self.env._("%s: write Name: value.", error.word),
            "no_json": self.env._("The JSON cannot be read: %s", error.word),
            "unknown_word": self.env._(
                "There is no placeholder {%s} here. In a message: {number}, {digits}, {text}, "
                "{key}, {coding}, {minutes}; where its status is asked for: {reference}; everywhere: "
                "{user}, {password}, {basic}, {sender}, {report_url}.",
                error.word,
            ),
            "unknown_value": self.env._(
                "%(word)s is none of these: %(values)s.",
                word=error.word,
                values=", ".join(sorted(STATUSES)),
            ),
        }[error.code]

    def _get_price_text(self, parts):
        """What so many parts cost, in words; empty where nobody knows."""
        if not self.part_price:
            return ""
        cost = f"{parts * self.part_price:.5f}".rstrip("0").rstrip(".")
        return f"{cost} {self.currency_id.name}"

    def _prepare_settings(self, report_url):
        """:rtype: clients.settings.GatewaySettings"""
        found = self._read_settings()
        return reading.GatewaySettings(
            url=found["url"],
            method=self.method,
            body=self.body,
            parameters=found["parameters"],
            json_body=found["json_body"],
            headers=found["headers"],
            accepted=found["accepted"],
            id_path=self.id_path or "",
            errors=found["error_map"],
            user=self.user or "",
            password=self._get_secret(),
            sender=self.sender or "",
            report_url=report_url,
            poll_url=found["poll_url"],
            poll_status=self.poll_status or "",
            rate=self.rate,
            connections=self.connections,
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            verify_tls=self.verify_tls,
        )
