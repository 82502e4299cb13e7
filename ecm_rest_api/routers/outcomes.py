"""Results of calls and messages, as they become known (requirement R4)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from ..const import MAX_PAGE_SIZE, PAGE_SIZE
from ..dependencies import Env, needs
from .campaigns import find_campaign

router = APIRouter(prefix="/outcomes", tags=["outcomes"])


class Outcome(BaseModel):
    id: int = Field(description="Of the event: the same whenever it is told.")
    type: str = Field(description="outcome, or outcome_corrected: the dialer knew better later.")
    noted_at: datetime
    campaign_id: int
    crm_campaign_id: str | None
    contact_id: int
    account_number: str | None
    contact_state: str | None = Field(description="After the result.")
    attempt_id: int
    channel: str | None
    number: str | None
    outcome: str | None = Field(description="A code, such as no_answer.")
    wrap_up: str | None
    agent: str | None
    called_at: datetime | None
    duration_seconds: int
    is_late: bool = Field(description="The contact was closed before: nothing followed.")


class OutcomesAnswer(BaseModel):
    items: list[Outcome]
    next_cursor: str = Field(description="Ask with it for what comes next, however long after.")
    has_more: bool


@router.get("", dependencies=[needs("outcomes:read")])
async def read_outcomes(
    env: Env,
    cursor: Annotated[
        str | None,
        Query(max_length=200, description="`next_cursor` of the answer before, or `latest`."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = PAGE_SIZE,
    campaign_id: Annotated[
        str | None, Query(pattern=r"^(?:[1-9][0-9]{0,9}|crm:[A-Za-z0-9._-]{1,64})$")
    ] = None,
) -> OutcomesAnswer:
    """Results in the order in which they became known. Nothing is skipped, nothing comes twice:
    give back the cursor each time.
    """
    if campaign_id:
        find_campaign(env, campaign_id)
    return env["ecm.api.event"].api_read_outcomes(cursor, limit, campaign_id)
