"""Campaigns: which there are, how far they are, their life (requirements C3, C10, R4)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, Strict

from odoo.exceptions import MissingError
from odoo.fields import Domain

from ..dependencies import Env, PageOf, needs
from ..schemas import Id32, Moment, PageAnswer, Text, Whole
from ..tools.problems import Problem
from ..tools.times import as_naive
from .finding import take_page

router = APIRouter(prefix="/campaigns", tags=["campaigns"])
# A template is no campaign: nothing is ever called for it.
CAMPAIGNS = Domain("is_template", "=", False)

CampaignKey = Annotated[
    str,
    Path(
        pattern=r"^(?:[1-9][0-9]{0,9}|crm:[A-Za-z0-9._-]{1,64})$",
        description="The campaign's number, or `crm:` with the id that your CRM gave it.",
        examples=["12", "crm:4711"],
    ),
]
CrmId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Campaign(BaseModel):
    id: int
    crm_campaign_id: str | None
    name: str
    kind: str = Field(description="agent, ivr or sms.")
    description: str | None
    is_running: bool
    is_archived: bool
    started_at: datetime | None
    stopped_at: datetime | None
    date_start: datetime | None
    date_end: datetime | None
    tz: str | None
    strategy: str | None
    strategy_id: int | None
    callback_strategy_id: int | None
    duplicate_policy: str
    dangling_hours: float
    ttl_days: int
    responsible: str | None
    targets: dict[str, int | None] = Field(
        description="What carries its attempts out, such as `dialer_campaign_id`."
    )


class CampaignSettings(BaseModel):
    """What can be given and changed; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Text, Field(min_length=3, max_length=200)] | None = None
    crm_campaign_id: CrmId | None = Field(None, description="What your CRM calls it.")
    description: Annotated[Text, Field(max_length=10_000)] | None = None
    strategy_id: Id32 | None = None
    callback_strategy_id: Id32 | None = None
    tz: Annotated[Text, Field(max_length=64)] | None = Field(None, examples=["Europe/Berlin"])
    date_start: Moment | None = Field(None, description="It starts by itself then.")
    date_end: Moment | None = Field(None, description="It stops by itself then.")
    duplicate_policy: Annotated[str, Field(pattern="^(reject|allow)$")] | None = None
    dangling_hours: Annotated[float, Strict(), Field(gt=0, le=10_000)] | None = None
    ttl_days: Annotated[Whole, Field(ge=0, le=36_500)] | None = None
    targets: dict[str, Id32] | None = Field(
        None, description="Fields of what carries its attempts out, as `targets` shows them."
    )


class NewCampaign(CampaignSettings):
    name: Annotated[Text, Field(min_length=3, max_length=200)]
    kind: Annotated[str, Field(pattern="^(agent|ivr|sms)$")] | None = None
    template_id: Id32 | None = Field(
        None, description="A template or campaign whose settings it takes."
    )


class Deleted(BaseModel):
    id: int


class CampaignStats(BaseModel):
    campaign_id: int
    total: int = Field(description="All contacts.")
    closed: int
    progress_percent: float = Field(description="Closed contacts of all.")
    by_state: dict[str, int] = Field(description="Contacts by state, each state named.")


READ = [needs("campaigns:read")]
WRITE = [needs("campaigns:write")]


@router.get("", dependencies=READ)
async def list_campaigns(
    env: Env,
    page: PageOf,
    is_running: bool | None = None,
    name: Annotated[Text | None, Query(max_length=100, description="A part of the name.")] = None,
    templates: Annotated[bool, Query(description="Templates instead of campaigns.")] = False,
) -> PageAnswer[Campaign]:
    """Campaigns that the caller sees, in the order of their making. Archived ones are left out."""
    domain, campaigns = CAMPAIGNS, env["ecm.campaign"]
    if templates:
        # A template is archived from the start.
        domain, campaigns = (
            Domain("is_template", "=", True),
            campaigns.with_context(active_test=False),
        )
    if is_running is not None:
        domain &= Domain("is_running", "=", is_running)
    if name:
        domain &= Domain("name", "ilike", name)
    found, following = take_page(campaigns, domain, page)
    return PageAnswer(items=[one._api_describe() for one in found], next_cursor=following)


@router.post("", status_code=201, dependencies=WRITE)
async def create_campaign(env: Env, campaign: NewCampaign) -> Campaign:
    """Create a campaign, which does not run yet, from a strategy or from a template."""
    return env["ecm.campaign"].api_create(_get_values(campaign))


@router.get("/{campaign_id}", dependencies=READ)
async def get_campaign(env: Env, campaign_id: CampaignKey) -> Campaign:
    """One campaign."""
    return find_campaign(env, campaign_id)._api_describe()


@router.patch("/{campaign_id}", dependencies=WRITE)
async def update_campaign(
    env: Env, campaign_id: CampaignKey, settings: CampaignSettings
) -> Campaign:
    """Change settings; null empties one. 409 where it cannot change while the campaign runs."""
    find_campaign(env, campaign_id)
    return env["ecm.campaign"].api_update(campaign_id, _get_values(settings))


@router.delete("/{campaign_id}", dependencies=WRITE)
async def delete_campaign(env: Env, campaign_id: CampaignKey) -> Deleted:
    """Delete a campaign of which nobody was contacted yet, with its contacts. 409 otherwise."""
    find_campaign(env, campaign_id)
    return Deleted(id=env["ecm.campaign"].api_delete(campaign_id))


@router.post("/{campaign_id}/clone", status_code=201, dependencies=WRITE)
async def clone_campaign(
    env: Env, campaign_id: CampaignKey, settings: CampaignSettings | None = None
) -> Campaign:
    """A new campaign with the settings of another or of a template, without its contacts."""
    find_campaign(env, campaign_id, with_templates=True)
    values = _get_values(settings) if settings else {}
    return env["ecm.campaign"].api_clone(campaign_id, values)


@router.get("/{campaign_id}/stats", dependencies=READ)
async def get_campaign_stats(env: Env, campaign_id: CampaignKey) -> CampaignStats:
    """How many contacts are in which state now."""
    find_campaign(env, campaign_id)
    return env["ecm.campaign"].api_stats(campaign_id)


@router.post("/{campaign_id}/start", dependencies=WRITE)
async def start_campaign(env: Env, campaign_id: CampaignKey) -> Campaign:
    """Start feeding in the calling hours. Starting twice changes nothing. 409 names in `field` what
    is missing first.
    """
    campaign = find_campaign(env, campaign_id)
    campaign.check_access("write")
    gap = campaign.get_start_gap()
    if gap:
        raise Problem("conflict", gap["text"], field=gap["field"] or None)
    return env["ecm.campaign"].api_start(campaign_id)


@router.post("/{campaign_id}/stop", dependencies=WRITE)
async def stop_campaign(env: Env, campaign_id: CampaignKey) -> Campaign:
    """Cut the feed. What the dialer has not called yet is taken back where it can be."""
    find_campaign(env, campaign_id)
    return env["ecm.campaign"].api_stop(campaign_id)


def find_campaign(env, campaign_id, with_templates=False):
    """The campaign that a path or body names.

    :param campaign_id: number, or ``crm:`` with its ID in your CRM
    :raise Problem: there is none, or it is somebody else's: nobody learns which
    """
    try:
        return env["ecm.campaign"]._api_find(campaign_id, with_templates)
    except MissingError as error:
        raise Problem("not-found", str(error)) from error


def _get_values(settings):
    values = settings.model_dump(exclude_unset=True)
    for name in ("date_start", "date_end"):
        if values.get(name):
            values[name] = as_naive(values[name])
    return values
