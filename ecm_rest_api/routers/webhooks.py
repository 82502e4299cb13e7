"""Webhooks: who is told of results, what was sent, once more (requirement R4)."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from odoo.exceptions import MissingError
from odoo.fields import Domain

from ..dependencies import Env, Id, PageOf, needs
from ..schemas import CampaignRef, Flag, PageAnswer, Text, Whole
from ..tools.problems import Problem
from .campaigns import Deleted, find_campaign
from .finding import take_page

router = APIRouter(prefix="/webhooks", tags=["webhooks"])
READ = [needs("webhooks:read")]
WRITE = [needs("webhooks:write")]

Name = Annotated[Text, Field(min_length=1, max_length=200)]
Url = Annotated[Text, Field(min_length=8, max_length=2000)]
Batch = Annotated[Whole, Field(ge=1, le=500)]


class Webhook(BaseModel):
    id: int
    name: str
    url: str
    event_kind: str = Field(description="all, or outcome: without corrections.")
    campaign_ids: list[int] = Field(description="None: all campaigns.")
    batch_size: int
    active: bool
    failures: int = Field(description="In a row.")
    paused_until: datetime | None
    last_error: str | None


class WebhookWithSecret(Webhook):
    secret: str = Field(description="Checks signatures. It is never shown again.")


class WebhookSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    url: Url | None = None
    event_kind: Literal["all", "outcome"] | None = None
    campaign_ids: list[CampaignRef] | None = Field(None, max_length=100)
    batch_size: Batch | None = None
    active: Flag | None = None


class NewWebhook(WebhookSettings):
    name: Name
    url: Url = Field(examples=["https://crm.example.com/outcomes"])


class ReplayFrom(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[Text, Field(max_length=200)] | None = Field(
        None, description="Of `GET /outcomes`; null: all that is kept."
    )


class Delivery(BaseModel):
    id: int
    webhook_id: int
    uid: str = Field(description="`webhook-id` of each try.")
    state: str = Field(description="waiting, delivered or failed.")
    events: int
    made_at: datetime | None
    tries: int
    next_try_at: datetime | None
    delivered_at: datetime | None
    status: int | None
    error: str | None


@router.get("", dependencies=READ)
async def list_webhooks(env: Env, page: PageOf) -> PageAnswer[Webhook]:
    """Webhooks of the company, also those that are switched off."""
    webhooks = env["ecm.webhook"].with_context(active_test=False)
    found, following = take_page(webhooks, Domain.TRUE, page)
    return PageAnswer(items=[one._api_describe() for one in found], next_cursor=following)


@router.post("", status_code=201, dependencies=WRITE)
async def create_webhook(env: Env, webhook: NewWebhook) -> WebhookWithSecret:
    """Be told of results from now on. The answer has the secret, this once."""
    return env["ecm.webhook"].api_create(_get_values(env, webhook))


@router.get("/{webhook_id:int}", dependencies=READ)
async def get_webhook(env: Env, webhook_id: Id) -> Webhook:
    """One webhook."""
    return _find(env, webhook_id)._api_describe()


@router.patch("/{webhook_id:int}", dependencies=WRITE)
async def update_webhook(env: Env, webhook_id: Id, settings: WebhookSettings) -> Webhook:
    """Change it; whoever was paused is tried at once."""
    _find(env, webhook_id)
    return env["ecm.webhook"].api_update(webhook_id, _get_values(env, settings))


@router.delete("/{webhook_id:int}", dependencies=WRITE)
async def delete_webhook(env: Env, webhook_id: Id) -> Deleted:
    """Tell nothing more, and forget what was sent."""
    _find(env, webhook_id).unlink()
    return Deleted(id=webhook_id)


@router.post("/{webhook_id:int}/secret", dependencies=WRITE)
async def renew_secret(env: Env, webhook_id: Id) -> WebhookWithSecret:
    """Another secret, shown this once; the former one is used no more."""
    webhook = _find(env, webhook_id)
    secret = webhook._renew_secret()
    return {**webhook._api_describe(), "secret": secret}


@router.post("/{webhook_id:int}/test", status_code=202, dependencies=WRITE)
async def send_test(env: Env, webhook_id: Id) -> Webhook:
    """Send a request without results."""
    webhook = _find(env, webhook_id)
    webhook.action_send_test()
    return webhook._api_describe()


@router.post("/{webhook_id:int}/replay", status_code=202, dependencies=WRITE)
async def replay(env: Env, webhook_id: Id, body: ReplayFrom | None = None) -> Webhook:
    """Tell everything again from a place of the outcomes feed on, in new deliveries."""
    _find(env, webhook_id)
    return env["ecm.webhook"].api_replay(webhook_id, body.cursor if body else None)


@router.get("/{webhook_id:int}/deliveries", dependencies=READ)
async def list_deliveries(env: Env, webhook_id: Id, page: PageOf) -> PageAnswer[Delivery]:
    """What was sent, the oldest first."""
    domain = Domain("webhook_id", "=", _find(env, webhook_id).id)
    found, following = take_page(env["ecm.webhook.delivery"], domain, page)
    return PageAnswer(items=[one._api_describe() for one in found], next_cursor=following)


@router.post(
    "/{webhook_id:int}/deliveries/{delivery_id:int}/replay", status_code=202, dependencies=WRITE
)
async def replay_delivery(env: Env, webhook_id: Id, delivery_id: Id) -> Delivery:
    """Send one delivery again, with the same id."""
    webhook = _find(env, webhook_id)
    deliveries = env["ecm.webhook.delivery"]
    domain = [("id", "=", delivery_id), ("webhook_id", "=", webhook.id)]
    if not deliveries.search(domain):
        text = env._("There is no delivery %s for this key.", delivery_id)
        raise Problem("not-found", text)
    return deliveries.api_replay_delivery(delivery_id)


def _find(env, webhook_id):
    try:
        return env["ecm.webhook"]._api_find(webhook_id)
    except MissingError as error:
        raise Problem("not-found", str(error)) from error


def _get_values(env, body):
    for campaign in body.campaign_ids or []:
        find_campaign(env, campaign)
    return body.model_dump(exclude_unset=True)
