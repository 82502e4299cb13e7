"""Campaigns: which there are, how far they are, start and stop (requirements C3, R4)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from odoo.fields import Domain

from ..dependencies import Env, Id, PageOf, needs
from ..schemas import PageAnswer, Text
from ..tools.problems import Problem
from ..tools.times import as_utc
from .finding import find, take_page

router = APIRouter(prefix="/campaigns", tags=["campaigns"])
# A template is no campaign: nothing is ever called for it.
CAMPAIGNS = Domain("is_template", "=", False)


class Campaign(BaseModel):
    id: int
    name: str
    kind: str = Field(description="agent, ivr or sms.")
    is_running: bool
    started_at: datetime | None
    stopped_at: datetime | None
    strategy: str | None
    responsible: str | None


class CampaignStats(BaseModel):
    campaign_id: int
    total: int = Field(description="All contacts.")
    closed: int
    progress_percent: float = Field(description="Closed contacts of all.")
    by_state: dict[str, int] = Field(description="Contacts by state, each state named.")


@router.get("", dependencies=[needs("campaigns:read")])
async def list_campaigns(
    env: Env,
    page: PageOf,
    is_running: bool | None = None,
    name: Annotated[Text | None, Query(max_length=100, description="A part of the name.")] = None,
) -> PageAnswer[Campaign]:
    """Campaigns that the caller sees, in the order of their making. Archived ones are left out."""
    domain = CAMPAIGNS
    if is_running is not None:
        domain &= Domain("is_running", "=", is_running)
    if name:
        domain &= Domain("name", "ilike", name)
    campaigns, following = take_page(env["ecm.campaign"], domain, page)
    return PageAnswer(items=[describe(campaign) for campaign in campaigns], next_cursor=following)


@router.get("/{campaign_id:int}", dependencies=[needs("campaigns:read")])
async def get_campaign(env: Env, campaign_id: Id) -> Campaign:
    """One campaign."""
    return describe(_find(env, campaign_id))


@router.get("/{campaign_id:int}/stats", dependencies=[needs("campaigns:read")])
async def get_campaign_stats(env: Env, campaign_id: Id) -> CampaignStats:
    """How many contacts are in which state now."""
    campaign = _find(env, campaign_id)
    return CampaignStats(
        campaign_id=campaign.id,
        total=campaign.contact_count,
        closed=campaign.closed_count,
        progress_percent=round(campaign.progress, 1),
        by_state=campaign.get_state_tally(),
    )


@router.post("/{campaign_id:int}/start", dependencies=[needs("campaigns:write")])
async def start_campaign(env: Env, campaign_id: Id) -> Campaign:
    """Start feeding in the calling hours. Starting twice changes nothing. 409 names in `field` what
    is missing first.
    """
    campaign = _find(env, campaign_id)
    campaign.check_access("write")
    gap = campaign.get_start_gap()
    if gap:
        raise Problem("conflict", gap["text"], field=gap["field"] or None)
    campaign.action_start()
    return describe(campaign)


@router.post("/{campaign_id:int}/stop", dependencies=[needs("campaigns:write")])
async def stop_campaign(env: Env, campaign_id: Id) -> Campaign:
    """Cut the feed. What the dialer has not called yet is taken back where it can be."""
    campaign = _find(env, campaign_id)
    campaign.action_stop()
    return describe(campaign)


def describe(campaign) -> Campaign:
    """A campaign as the API shows it."""
    return Campaign(
        id=campaign.id,
        name=campaign.name,
        kind=campaign.kind,
        is_running=campaign.is_running,
        started_at=as_utc(campaign.started_at),
        stopped_at=as_utc(campaign.stopped_at),
        strategy=campaign.strategy_id.name or None,
        responsible=campaign.user_id.sudo().name or None,
    )


def _find(env, campaign_id):
    text = env._("There is no campaign %s for this key.", campaign_id)
    return find(env["ecm.campaign"], campaign_id, text, CAMPAIGNS)
