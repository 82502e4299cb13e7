"""Strategies, and what they have led to: the attempts of a contact (requirements S1, F9, R4)."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from odoo.exceptions import MissingError
from odoo.fields import Domain

from ..dependencies import Env, Id, PageOf, needs
from ..schemas import Flag, PageAnswer, Text, Whole
from ..tools.problems import Problem
from ..tools.times import as_utc
from .finding import find, take_page

router = APIRouter(tags=["strategies"])
READ = [needs("strategies:read")]
WRITE = [needs("strategies:write")]

Place = Annotated[Whole, Field(ge=1, le=100)]
Count = Annotated[Whole, Field(ge=0, le=100)]
Code = Annotated[Text, Field(min_length=1, max_length=64)]


class Rule(BaseModel):
    """What follows one outcome."""

    model_config = ConfigDict(extra="forbid")

    outcome: Code = Field(description="A code of `GET /strategies/outcomes`.", examples=["busy"])
    action: Literal["attempt", "next", "again", "close"] = "attempt"
    attempt: Place | None = Field(None, description="Place of the attempt that follows, from 1.")
    then_attempt: Place | None = Field(None, description="When the retries are used up.")
    then_close: Flag = False
    delay_days: Annotated[Whole, Field(ge=0, le=365)] = 0
    delay_hours: Annotated[Whole, Field(ge=0, le=999)] = 0
    delay_minutes: Annotated[Whole, Field(ge=0, le=9999)] = 0
    max_retry: Count = 0
    priority: Annotated[Whole, Field(ge=-1, le=1000)] = -1
    other_number: Flag = False
    retain_pcb: Flag = False
    suppresses: Flag = Field(False, description="The number comes onto the do-not-contact list.")


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid")

    channel: Code = Field("voice", description="voice, or sms where that is installed.")
    phone: Annotated[Whole, Field(ge=1, le=5)] = 1
    rules: list[Rule] = Field(default_factory=list, max_length=50)


class StrategySettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[Text, Field(min_length=1, max_length=200)]
    kind: Literal["simple", "advanced", "callback"] = "advanced"
    description: Annotated[Text, Field(max_length=10_000)] | None = None
    phone_fallback: Literal["first", "skip", "next_valid"] = "first"
    at_limit: Literal["wait", "next"] = "wait"
    max_attempts: Annotated[Whole, Field(ge=1, le=100)] | None = Field(
        None, description="None: as follows from the attempts."
    )
    max_uncounted: Count = 10
    max_cycles: Place = 1
    cycle_days: Annotated[Whole, Field(ge=0, le=365)] = 0
    cycle_hours: Annotated[Whole, Field(ge=0, le=999)] = 0
    cycle_minutes: Annotated[Whole, Field(ge=0, le=9999)] = 0
    cycle_limit: Count = 0
    callback_minutes: Annotated[Whole, Field(ge=0, le=525_600)] = 0
    attempts: list[Step] = Field(min_length=1, max_length=50)
    rules: list[Rule] = Field(
        default_factory=list, max_length=50, description="Of every attempt of a simple strategy."
    )


class Strategy(StrategySettings):
    id: int
    is_locked: bool = Field(description="A running campaign uses it.")
    problems: list[str] = Field(description="What would keep it from working.")
    attempts: list[Step]


class OutcomeCode(BaseModel):
    code: str
    name: str
    counts_as_attempt: bool


class Attempt(BaseModel):
    id: int
    state: str = Field(description="claimed, sent, done or dangling.")
    channel: str
    position: int | None = Field(description="Place in the strategy.")
    cycle: int | None
    number: str | None
    sent_at: datetime | None
    called_at: datetime | None
    result_at: datetime | None
    outcome: str | None
    wrap_up: str | None
    agent: str | None
    duration_seconds: int
    is_late: bool


@router.get("/strategies", dependencies=READ)
async def list_strategies(env: Env, page: PageOf) -> PageAnswer[Strategy]:
    """The company's strategies, and those of all companies."""
    found, following = take_page(env["ecm.strategy"], Domain.TRUE, page)
    return PageAnswer(items=[one._api_describe() for one in found], next_cursor=following)


@router.get("/strategies/outcomes", dependencies=READ)
async def list_outcomes(env: Env) -> list[OutcomeCode]:
    """Outcomes that rules are about."""
    return env["ecm.strategy"].api_list_outcomes()


@router.get("/strategies/{strategy_id:int}", dependencies=READ)
async def get_strategy(env: Env, strategy_id: Id) -> Strategy:
    """One strategy with its attempts and their rules."""
    try:
        return env["ecm.strategy"]._api_find(strategy_id)._api_describe()
    except MissingError as error:
        raise Problem("not-found", str(error)) from error


@router.post("/strategies", status_code=201, dependencies=WRITE)
async def create_strategy(env: Env, strategy: StrategySettings) -> Strategy:
    """Create a strategy with its attempts and rules. `problems` of the answer says what would keep
    campaigns from using it.
    """
    return env["ecm.strategy"].api_create(strategy.model_dump(exclude_unset=True))


@router.get("/contacts/{contact_id:int}/attempts", dependencies=[needs("contacts:read")])
async def list_attempts(env: Env, contact_id: Id, page: PageOf) -> PageAnswer[Attempt]:
    """The attempts on a contact, the first one first."""
    text = env._("There is no contact %s for this key.", contact_id)
    contact = find(env["ecm.contact"], contact_id, text)
    domain = Domain("contact_id", "=", contact.id)
    found, following = take_page(env["ecm.attempt"], domain, page)
    return PageAnswer(items=[_describe(attempt) for attempt in found], next_cursor=following)


def _describe(attempt) -> Attempt:
    return Attempt(
        id=attempt.id,
        state=attempt.state,
        channel=attempt.channel,
        position=attempt.position or None,
        cycle=attempt.cycle or None,
        number=attempt.number or None,
        sent_at=as_utc(attempt.claimed_at),
        called_at=as_utc(attempt.called_at),
        result_at=as_utc(attempt.result_at),
        outcome=attempt.outcome_id.sudo().code or None,
        wrap_up=attempt.business_outcome_id.sudo().name or attempt.wrap_up or None,
        agent=attempt.agent or None,
        duration_seconds=attempt.duration_seconds,
        is_late=attempt.is_late,
    )
