"""`make demo CAMPAIGN=sms`: a campaign of messages through a real Kannel, to phones that answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .console import say
from .demo_contacts import PARAMETER_COLUMNS, demo_file
from .demo_upload import prepare_definitions, upload_contacts, wait_for_import
from .kannel import Handsets, Kannel, Received
from .web_client import WebClient

CAMPAIGN = "Delivery notices, autumn"
TEXT = (
    "Hello {{ First name }}, your {{ Product ||| order }} is on its way. May we call you about it?"
)
OPT_OUT = "Reply STOP to end"
STRATEGY = "ecm_strategy_default"
# The state of a contact whose message has arrived, for the table; and what Odoo calls it.
DELIVERED, SENT = "delivered", "sms_sent"


def answer(message: Received) -> str | None:
    """What somebody writes back: one in ten wants no more, two in ten say yes."""
    return {"0": "STOP", "1": "Yes please", "2": "Ja, gerne! 😀"}.get(message.number[-1])


class SmsPlay:
    """The demo of messages; it ends when every one has arrived or was answered.

    :param base: Odoo's address, where reports and replies come to
    """

    kept_in_view: tuple[str, ...] = ("pending", SENT, DELIVERED)

    def __init__(self, database: str, contacts: int, base: str) -> None:
        self.contacts, self.base = contacts, base
        self.kannel = Kannel(database)

    @contextmanager
    def far_side(self) -> Iterator[None]:
        """Kannel is started when Odoo has told it an address for replies."""
        try:
            yield
        finally:
            self.kannel.stop()

    def start_campaign(self, client: WebClient) -> int:
        """Everything from the gateway to the campaign that runs; its id."""
        gateway_id = create_gateway(client, self.kannel, self.base)
        self.handsets = Handsets(self.kannel.operator_port, answer)
        say(f"Kannel: takes messages on {self.kannel.sendsms_url}")
        campaign_id = create_campaign(client, gateway_id)
        list_id = upload_contacts(client, campaign_id, demo_file(self.contacts))
        wait_for_import(client, list_id, self.contacts)
        client.call("ecm.campaign", "action_start", [campaign_id])
        say(f"Campaign: {CAMPAIGN!r} is running")
        return campaign_id

    def get_labels(self, client: WebClient) -> dict[str, str]:
        """What the table calls the states."""
        described = client.call("ecm.contact", "fields_get", ["state"], ["selection"])
        return {**dict(described["state"]["selection"]), DELIVERED: "SMS Sent, delivered"}

    def get_tally(self, client: WebClient, campaign_id: int) -> dict[str, int]:
        """Contacts per state; those whose message has arrived by themselves."""
        tally = dict(client.call("ecm.campaign", "get_state_tally", [campaign_id]))
        arrived = [
            ("campaign_id", "=", campaign_id),
            ("contact_id.state", "=", SENT),
            ("state", "=", "delivered"),
        ]
        delivered = client.call("ecm.sms.message", "search_count", arrived)
        # Between the two questions some may have been answered.
        tally[DELIVERED] = min(delivered, tally.get(SENT, 0))
        tally[SENT] = tally.get(SENT, 0) - tally[DELIVERED]
        return tally

    def is_over(self, tally: dict[str, int]) -> bool:
        """Whether nobody waits for anything but an answer."""
        is_all = sum(tally.values()) == self.contacts
        return is_all and not tally.get("pending") and not tally[SENT]

    def press_buttons(self, client: WebClient, campaign_id: int) -> None:
        """None: a gateway takes its turns as soon as there is something to do."""

    def tell_results(self, client: WebClient, campaign_id: int) -> None:
        """The table says all."""


def create_gateway(client: WebClient, kannel: Kannel, base: str) -> int:
    """A gateway record that sends through a Kannel, which is started with its address; its id."""
    values = kannel.gateway_values(callback_base=base)
    [gateway_id] = client.call("ecm.sms.gateway", "create", [values])
    [gateway] = client.call("ecm.sms.gateway", "read", [gateway_id], ["reply_url"])
    kannel.start(gateway["reply_url"])
    return int(gateway_id)


def create_campaign(client: WebClient, gateway_id: int, **values: Any) -> int:
    """A campaign of messages with the shipped strategy, that may send at any time; its id."""
    [model_id] = client.call("ir.model", "search", [("model", "=", "ecm.contact")])
    template = {"name": CAMPAIGN, "model_id": model_id, "body": TEXT}
    [template_id] = client.call("sms.template", "create", [template])
    named = [("module", "=", "ecm_campaign"), ("name", "=", STRATEGY)]
    [strategy] = client.call("ir.model.data", "search_read", named, ["res_id"])
    campaign = {
        "name": CAMPAIGN,
        "kind": "sms",
        "strategy_id": strategy["res_id"],
        "callback_strategy_id": False,
        "sms_gateway_id": gateway_id,
        "sms_template_id": template_id,
        "sms_opt_out": OPT_OUT,
        "calendar_id": False,
        "keeps_region_rules": False,
        "tz": "UTC",
        "parameters_definition": prepare_definitions(PARAMETER_COLUMNS),
        **values,
    }
    return int(client.call("ecm.campaign", "create", [campaign])[0])
