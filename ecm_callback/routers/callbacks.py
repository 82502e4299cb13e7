"""Callbacks: ask for them, see, move and cancel them (requirements B1, B2, B7, R4)."""

from contextlib import contextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from odoo.fields import Domain

from ..exceptions import CallbackRefused
from ..tools.moments import read_moment, to_iso
from ..tools.rules import ALREADY_OPEN, CODES
from odoo.addons.ecm_campaign.const import PHONE_SIZE
from odoo.addons.ecm_rest_api.dependencies import Env, Id, PageOf, api_call, needs
from odoo.addons.ecm_rest_api.routers.finding import find, take_page
from odoo.addons.ecm_rest_api.schemas import PageAnswer, Text
from odoo.addons.ecm_rest_api.tools import problems
from odoo.addons.ecm_rest_api.tools.call import Call
from odoo.addons.ecm_rest_api.tools.problems import Problem
from odoo.addons.ecm_rest_api.tools.times import as_utc

router = APIRouter(prefix="/callbacks", tags=["callbacks"])

problems.register("callback-refused", 422, "The callback cannot be promised")
problems.register("callback-open", 409, "A callback of this number is open already")

Name = Annotated[Text, Field(max_length=64)]
Phone = Annotated[Text, Field(min_length=1, max_length=PHONE_SIZE)]
Moment = Annotated[
    Text,
    Field(
        max_length=40,
        description="ISO 8601: with an offset, or on the customer's clock.",
        examples=["2026-07-01T14:30"],
    ),
]
Note = Annotated[Text, Field(max_length=2000)]
State = Literal[
    "scheduled", "queued", "dialing", "finished", "failed", "missed", "cancelled", "blocked"
]
# Which value of a request a refusal is about.
FIELDS = {
    "invalid_number": "number",
    "do_not_contact": "number",
    "already_open": "number",
    "agent_away": "agent",
    "agent_full": "agent",
    "agent_limit": "agent",
}


class Callback(BaseModel):
    id: int
    state: str
    number: str
    due_at: str = Field(description="On the customer's clock, with its offset.")
    tz: str
    kind: str = Field(description="`personal` or `normal`.")
    agent: str | None
    skill: str | None
    campaign_id: int | None
    contact_id: int | None
    first_name: str | None
    last_name: str | None
    account_number: str | None
    email: str | None
    note: str | None
    source: str
    attempt_count: int
    kept: str | None = Field(description="`on_time`, `late` or `missed`; null while nobody knows.")
    asked_at: str | None
    called_at: str | None
    closed_at: str | None
    acknowledged_at: str | None


class NewCallback(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: Phone | None = Field(
        None, description="Left out with `call`: the number that was called."
    )
    due_at: Moment
    tz: Name | None = Field(None, description="The customer's zone. Left out: as the number says.")
    skill: Name | None = Field(
        None, description="Its name. Left out with `call`: that of the campaign."
    )
    agent: Name | None = Field(None, description="For a personal callback: the name at the dialer.")
    call: Name | None = Field(
        None, description="Account Number of the call during which the customer asks."
    )
    presented_number: Phone | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    account_number: Name | None = None
    email: Annotated[Text, Field(max_length=254)] | None = None
    note: Note | None = None
    source: Literal["gadget", "api", "ivr", "inbound"] = "api"


class Change(BaseModel):
    model_config = ConfigDict(extra="forbid")

    due_at: Moment | None = None
    skill: Name | None = None
    agent: Name | None = Field(None, description="An empty text: any agent of the skill.")
    number: Phone | None = None
    note: Note | None = None


class Cancellation(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Text, Field(max_length=255)] | None = None


class Slots(BaseModel):
    tz: str
    slots: list[str]


class Skill(BaseModel):
    id: int
    name: str
    tz: str
    slot_minutes: int
    agents: list[str]


class RefusalCode(BaseModel):
    code: str


class DesktopCode(BaseModel):
    model_config = ConfigDict(extra="forbid")

    agent: Annotated[Name, Field(min_length=1, description="The name at the dialer.")]
    code: Annotated[Text, Field(min_length=1, max_length=40)]


class DesktopKey(BaseModel):
    key: str
    expires_at: str


async def own_agent(call: Annotated[Call, Depends(api_call)], env: Env):
    """The agent whose desktop calls; none for other keys, which are for every agent's callbacks.

    :return: ``ecm.callback.agent``
    """
    key = env["ecm.api.key"].sudo().browse(call.key_id or ())
    return key.callback_agent_id.with_env(env)


Own = Annotated[Any, Depends(own_agent)]


@router.post("/desktop")
async def open_desktop(env: Env, given: DesktopCode) -> DesktopKey:
    """The key of an agent's desktop, for a code that a supervisor has made under *Callback agents*. It
    is good for this agent's callbacks, and shown once.
    """
    agents = env["ecm.callback.agent"].sudo()
    domain = [("name", "=ilike", _escape(given.agent)), ("desktop_code_hash", "!=", False)]
    secret, expires_at = agents.search(domain, limit=1)._open_desktop(given.code)
    return DesktopKey(key=secret, expires_at=_write_moment(expires_at))


@router.get("/codes", dependencies=[needs("callbacks:read")])
async def list_codes() -> list[RefusalCode]:
    """What `code` of a refusal may be."""
    return [RefusalCode(code=code) for code in CODES]


@router.get("/skills", dependencies=[needs("callbacks:read")])
async def list_skills(env: Env) -> list[Skill]:
    """Who calls back."""
    return [
        Skill(
            id=skill.id,
            name=skill.name,
            tz=skill.tz,
            slot_minutes=int(skill.slot_length),
            agents=skill.agent_ids.mapped("name"),
        )
        for skill in env["ecm.callback.skill"].search([])
    ]


@router.get("/slots", dependencies=[needs("callbacks:read")])
async def list_slots(
    env: Env,
    number: Annotated[Text, Query(min_length=1, max_length=PHONE_SIZE)],
    skill: Annotated[Text, Query(min_length=1, max_length=64)],
    agent: Annotated[Text | None, Query(max_length=64)] = None,
    at: Annotated[Text | None, Query(max_length=40)] = None,
    count: Annotated[int, Query(ge=1, le=50)] = 6,
) -> Slots:
    """The free slots that are nearest to a moment, or to now, on the customer's clock."""
    found = _find_skill(env, skill)
    whose = _find_agent(env, agent, found)
    moment = read_moment(at, found.tz) if at else None
    with _refusing():
        offer = env["ecm.callback"].api_offer_slots(found.id, moment, number, whose.id, count)
    return Slots(**offer)


@router.get("", dependencies=[needs("callbacks:read")])
async def list_callbacks(
    env: Env,
    page: PageOf,
    own: Own,
    state: State | None = None,
    number: Annotated[Text | None, Query(max_length=PHONE_SIZE)] = None,
    agent: Annotated[Text | None, Query(max_length=64)] = None,
    is_open: bool | None = None,
) -> PageAnswer[Callback]:
    """Callbacks, in the order in which they were asked for."""
    domain = Domain("agent_id", "=", own.id) if own else Domain.TRUE
    if state:
        domain &= Domain("state", "=", state)
    if is_open is not None:
        open_states = ("scheduled", "queued", "dialing")
        domain &= Domain("state", "in" if is_open else "not in", open_states)
    if number:
        domain &= Domain("number", "=", number)
    if agent:
        domain &= Domain("agent", "=", agent)
    callbacks, following = take_page(env["ecm.callback"], domain, page)
    return PageAnswer(items=[describe(each) for each in callbacks], next_cursor=following)


@router.get("/{callback_id:int}", dependencies=[needs("callbacks:read")])
async def get_callback(env: Env, callback_id: Id, own: Own) -> Callback:
    """One callback."""
    return describe(_find(env, callback_id, own))


@router.post("", status_code=201, dependencies=[needs("callbacks:write")])
async def ask_for_callback(env: Env, wanted: NewCallback, own: Own) -> Callback:
    """Promise a callback. 422 where it cannot be promised: `code` says why, `slots` are free moments.
    Who asks again while a callback of the number is open moves it, where the skill says so.
    """
    contact = _find_contact(env, wanted.call)
    skill = _find_skill(env, wanted.skill) if wanted.skill else _get_skill_of(contact)
    if not skill:
        raise Problem("invalid", env._("Say which skill calls back."), field="skill")
    if not (wanted.number or contact):
        raise Problem("invalid", env._("Say which number is to be called."), field="number")
    agent = _find_agent(env, wanted.agent, skill)
    _check_own(env, agent, own)
    number = wanted.number or contact.number_to_call or contact.phone_1
    names = ("first_name", "last_name", "account_number", "email", "note", "presented_number", "tz")
    given = {name: getattr(wanted, name) for name in names if getattr(wanted, name)}
    with _refusing():
        callbacks = env["ecm.callback"]
        due_at = callbacks._read_due(wanted.due_at, number, wanted.tz or contact.tz, skill)
        callback = callbacks.create(
            {
                **given,
                "number": number,
                "due_at": due_at,
                "skill_id": skill.id,
                "agent_id": agent.id,
                "origin_contact_id": contact.id,
                "source": wanted.source,
            }
        )
    return describe(callback)


@router.post(
    "/{callback_id:int}/change",
    name="change_callback_by_post",
    dependencies=[needs("callbacks:write")],
)
@router.patch("/{callback_id:int}", dependencies=[needs("callbacks:write")])
async def change_callback(env: Env, callback_id: Id, change: Change, own: Own) -> Callback:
    """Move a callback, or give it to another agent or skill; the same checks hold. By POST for
    clients that know no PATCH.
    """
    callback, given = _find(env, callback_id, own), change.model_dump(exclude_unset=True)
    values = {}
    skill = _find_skill(env, given["skill"]) if given.get("skill") else callback.skill_id
    if given.get("skill"):
        values["skill_id"] = skill.id
    if "agent" in given:
        agent = _find_agent(env, given["agent"], skill)
        _check_own(env, agent, own)
        values["agent_id"] = agent.id
    if given.get("number"):
        values["number"] = given["number"]
    if "note" in given:
        values["note"] = given["note"]
    with _refusing():
        if given.get("due_at"):
            zone = callback._get_zone()
            values["due_at"] = callback._read_due(given["due_at"], callback.number, zone, skill)
        if values:
            callback.write(values)
    return describe(callback)


@router.post("/{callback_id:int}/cancel", dependencies=[needs("callbacks:write")])
async def cancel_callback(
    env: Env, callback_id: Id, own: Own, cancellation: Cancellation | None = None
) -> Callback:
    """The customer does not want the call any more. 409 where it is closed."""
    callback = _find(env, callback_id, own)
    callback.action_cancel(cancellation and cancellation.reason)
    return describe(callback)


@router.post("/{callback_id:int}/arrived", dependencies=[needs("callbacks:write")])
async def note_arrival(env: Env, callback_id: Id) -> Callback:
    """The call is with its agent."""
    callback = _find(env, callback_id)
    callback.action_acknowledge()
    return describe(callback)


def describe(callback) -> Callback:
    """A callback as the API shows it."""
    zone = callback._get_zone()
    texts = ("first_name", "last_name", "account_number", "email", "note", "kept", "agent")
    moments = ("asked_at", "called_at", "closed_at", "acknowledged_at")
    return Callback(
        id=callback.id,
        state=callback.state,
        number=callback.number,
        due_at=to_iso(callback.due_at, zone),
        tz=zone,
        kind=callback.kind,
        skill=callback.skill_id.name or None,
        campaign_id=callback.campaign_id.id or None,
        contact_id=callback.contact_id.id or None,
        source=callback.source,
        attempt_count=callback.attempt_count,
        **{name: callback[name] or None for name in texts},
        **{name: _write_moment(callback[name]) for name in moments},
    )


def _write_moment(moment):
    return as_utc(moment).isoformat() if moment else None


@contextmanager
def _refusing():
    """A refusal as a problem that a program understands.

    :raise Problem: with ``code`` and ``slots``
    """
    try:
        yield
    except CallbackRefused as refusal:
        kind = "callback-open" if refusal.code == ALREADY_OPEN else "callback-refused"
        slots = [to_iso(slot, refusal.zone) for slot in refusal.slots]
        raise Problem(
            kind,
            str(refusal),
            field=FIELDS.get(refusal.code, "due_at"),
            extra={"code": refusal.code, "slots": slots},
        ) from refusal


def _find(env, callback_id, own=None):
    """:param own: the agent whose callback it has to be, empty for any"""
    text = env._("There is no callback %s for this key.", callback_id)
    callback = find(env["ecm.callback"], callback_id, text)
    if own and callback.agent_id != own:
        raise Problem("not-found", text)
    return callback


def _check_own(env, agent, own):
    """:raise Problem: the desktop's agent promises in another's name"""
    if own and agent and agent != own:
        text = env._(
            "This desktop is %s's: another agent's callbacks are not promised here.", own.name
        )
        raise Problem("forbidden", text, field="agent")


def _find_skill(env, name):
    skill = env["ecm.callback.skill"].search([("name", "=ilike", _escape(name))], limit=1)
    if not skill:
        raise Problem("invalid", env._("There is no skill %s.", name), field="skill")
    return skill


def _find_agent(env, name, skill):
    """The agent of a name; none for no name."""
    agents = env["ecm.callback.agent"]
    if not name:
        return agents
    domain = [("name", "=ilike", _escape(name)), ("company_id", "=", skill.company_id.id)]
    agent = agents.search(domain, limit=1)
    if not agent:
        raise Problem("invalid", env._("There is no agent %s.", name), field="agent")
    return agent


def _escape(text):
    """A text that stands for itself in ``=ilike``."""
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, f"\\{sign}")
    return text


def _find_contact(env, key):
    """The contact of the call that is on; none where the key is left out or not known: a request is
    not lost for it.
    """
    contacts = env["ecm.contact"]
    if not key:
        return contacts
    found = env["ecm.callback"].api_look_up(key)
    return contacts.browse(found["contact_id"] or ())


def _get_skill_of(contact):
    return contact.campaign_id.sudo().callback_skill_id.with_env(contact.env)
