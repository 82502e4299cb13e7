"""Do-not-contact lists: may this number be contacted, add and remove numbers (requirements N1, R4)."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from odoo.exceptions import MissingError
from odoo.fields import Domain

from ..dependencies import Env, Id, PageOf, needs
from ..schemas import CampaignRef, Day, Flag, PageAnswer, Text, Whole
from ..tools.problems import Problem
from .campaigns import find_campaign
from .contacts import normalise
from .finding import take_page
from odoo.addons.ecm_campaign.const import PHONE_SIZE

router = APIRouter(prefix="/dnc", tags=["do not contact"])
READ = [needs("dnc:read")]
WRITE = [needs("dnc:write")]
MAX_NUMBERS = 10_000

# A prefix may end with a star, a customer key is longer than a number.
Number = Annotated[Text, Field(min_length=1, max_length=64)]


class Finding(BaseModel):
    list: str
    dnc_class: str
    since: str
    until: str
    reason: str
    by: str
    blocks: str
    running: str


class Check(BaseModel):
    number: str
    is_listed: bool
    findings: list[Finding]


class DncList(BaseModel):
    id: int
    name: str
    dnc_class: str = Field(description="national, corporate, compliance or litigation.")
    is_shared: bool = Field(description="It counts for all companies.")
    for_voice: bool
    for_sms: bool
    date_from: date | None
    date_to: date | None
    max_age_days: int
    is_outdated: bool
    refreshed_at: datetime | None
    mirrors_blacklist: bool
    keeps_wishes: bool = Field(description="Who does not want to be called again comes here.")
    campaign_ids: list[int] = Field(description="None: all campaigns.")
    entries: int = Field(description="An estimate where there are many.")


class NewDncList(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[Text, Field(min_length=1, max_length=200)]
    dnc_class: Literal["national", "corporate", "compliance", "litigation"] = "corporate"
    for_voice: Flag = True
    for_sms: Flag = True
    date_from: Day | None = None
    date_to: Day | None = None
    max_age_days: Annotated[Whole, Field(ge=0, le=36_500)] = 0
    mirrors_blacklist: Flag = False
    campaign_ids: list[CampaignRef] = Field(default_factory=list, max_length=100)


class Numbers(BaseModel):
    model_config = ConfigDict(extra="forbid")

    numbers: list[Number] = Field(
        min_length=1, max_length=MAX_NUMBERS, examples=[["+493023125001"]]
    )


class NewNumbers(Numbers):
    reason: Annotated[Text, Field(max_length=255)] | None = None


class Added(BaseModel):
    added: int = Field(description="Those that were not listed yet.")
    invalid: list[str] = Field(description="What is no phone number.")


class Removed(BaseModel):
    removed: int


class Entry(BaseModel):
    id: int
    kind: str = Field(description="number, prefix or key.")
    value: str
    reason: str | None
    date_from: date | None
    date_to: date | None


@router.get("/check", dependencies=READ)
async def check_number(
    env: Env,
    number: Annotated[Text, Query(min_length=1, max_length=PHONE_SIZE, examples=["+493023125001"])],
) -> Check:
    """Whether a number is on a do-not-contact list today, on which, and what that blocks. Write the
    plus as `%2B`.
    """
    found = normalise(env, number, "number")
    findings = env["ecm.dnc.list"].check_number(found)
    return Check(
        number=found,
        is_listed=bool(findings),
        findings=[Finding(**finding) for finding in findings],
    )


@router.get("/lists", dependencies=READ)
async def list_dnc_lists(env: Env, page: PageOf) -> PageAnswer[DncList]:
    """The company's lists, and those that count for all companies."""
    found, following = take_page(env["ecm.dnc.list"], Domain.TRUE, page)
    return PageAnswer(items=[one._api_describe() for one in found], next_cursor=following)


@router.post("/lists", status_code=201, dependencies=WRITE)
async def create_dnc_list(env: Env, body: NewDncList) -> DncList:
    """Create an empty list of the company."""
    values = body.model_dump()
    values["campaign_ids"] = [find_campaign(env, one).id for one in body.campaign_ids]
    return env["ecm.dnc.list"].api_create(values)


@router.get("/lists/{list_id:int}", dependencies=READ)
async def get_dnc_list(env: Env, list_id: Id) -> DncList:
    """One list."""
    return _find(env, list_id)._api_describe()


@router.get("/lists/{list_id:int}/entries", dependencies=READ)
async def list_dnc_entries(env: Env, list_id: Id, page: PageOf) -> PageAnswer[Entry]:
    """What stands on a list."""
    domain = Domain("list_id", "=", _find(env, list_id).id)
    found, following = take_page(env["ecm.dnc.entry"], domain, page)
    return PageAnswer(items=[_describe_entry(entry) for entry in found], next_cursor=following)


@router.post("/lists/{list_id:int}/numbers", dependencies=WRITE)
async def add_numbers(env: Env, list_id: Id, body: NewNumbers) -> Added:
    """Add up to 10,000 numbers. Those that are listed already stay as they are; open contacts with
    them close.
    """
    return _find(env, list_id).api_add(body.numbers, body.reason)


@router.post("/lists/{list_id:int}/numbers/remove", dependencies=WRITE)
async def remove_numbers(env: Env, list_id: Id, body: Numbers) -> Removed:
    """Take numbers off a list, as well as prefixes and customer keys that stand there as they are
    written.
    """
    return Removed(removed=_find(env, list_id).api_remove(body.numbers))


def _describe_entry(entry):
    return Entry(
        id=entry.id,
        kind=entry.kind,
        value=entry.value,
        reason=entry.reason or None,
        date_from=entry.date_from or None,
        date_to=entry.date_to or None,
    )


def _find(env, list_id):
    try:
        return env["ecm.dnc.list"]._api_find(list_id)
    except MissingError as error:
        raise Problem("not-found", str(error)) from error
