"""Contacts: find, add, withdraw (requirements L3, L5, L10, R4)."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from odoo.fields import Domain

from ..dependencies import Env, Id, PageOf, needs
from ..schemas import Day, Moment, PageAnswer, Text, Whole
from ..tools.problems import Problem
from ..tools.times import as_naive, as_utc
from .campaigns import CAMPAIGNS
from .finding import find, take_page
from odoo.addons.ecm_campaign.const import (
    BUSINESS_PARAMETERS,
    CLOSED_STATES,
    PHONE_FIELDS,
    PHONE_SIZE,
)
from odoo.addons.ecm_campaign.tools import phones as phone_tools

router = APIRouter(prefix="/contacts", tags=["contacts"])

Phone = Annotated[Text, Field(min_length=1, max_length=PHONE_SIZE)]
Name = Annotated[Text, Field(max_length=64)]
Parameter = Annotated[Text, Field(max_length=255)]
# PostgreSQL has no years beyond; a contact has no need of them.
MAX_YEAR = 2199

# What a contact holds as it was given.
KEPT = (
    "first_name",
    "last_name",
    "account_number",
    "email",
    "tz",
    "region",
    "zip",
    "priority",
    "consent_on",
    "consent_source",
)


class ContactState(BaseModel):
    code: str
    label: str
    is_closed: bool


class Contact(BaseModel):
    id: int
    campaign_id: int
    state: str
    state_label: str
    is_open: bool
    phones: list[str]
    first_name: str | None
    last_name: str | None
    account_number: str | None
    email: str | None
    tz: str | None
    region: str | None
    zip: str | None
    priority: int
    consent_on: date | None
    consent_source: str | None
    business_parameters: dict[str, str | None] = Field(
        description="`business_parameter_1` to `_12`, as far as the campaign has them."
    )
    not_before: datetime | None
    next_attempt_at: datetime | None
    attempt_count: int
    last_attempt_at: datetime | None
    last_outcome: str | None
    block_reason: str | None = Field(description="What holds the contact back.")
    close_reason: str | None
    added_at: datetime | None
    closed_at: datetime | None


class NewContact(BaseModel):
    model_config = ConfigDict(extra="forbid")

    campaign_id: Whole = Field(ge=1, le=2**31 - 1)
    phones: list[Phone] = Field(
        min_length=1,
        max_length=len(PHONE_FIELDS),
        description="With country code, or of the company's country. The first is called first.",
        examples=[["+493023125001"]],
    )
    first_name: Name | None = None
    last_name: Name | None = None
    account_number: Name | None = Field(None, description="The customer's key in your systems.")
    email: Annotated[Text, Field(max_length=254)] | None = None
    tz: Name | None = Field(None, description="As in Europe/Berlin.")
    region: Name | None = None
    zip: Annotated[Text, Field(max_length=16)] | None = None
    priority: Whole = Field(0, ge=-(2**31) + 1, le=2**31 - 1)
    consent_on: Day | None = None
    consent_source: Parameter | None = None
    business_parameters: dict[str, Parameter] = Field(
        default_factory=dict, description="`business_parameter_1` to `_12`."
    )
    not_before: Moment | None = Field(
        None, description="Not called before. Without an offset it is UTC."
    )


class Withdrawal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Parameter | None = Field(None, description="Kept with the contact.")


@router.get("/states", dependencies=[needs("contacts:read")])
async def list_contact_states(env: Env) -> list[ContactState]:
    """The states that a contact can be in."""
    labels = env["ecm.contact"]._fields["state"]._description_selection(env)
    return [
        ContactState(code=code, label=label, is_closed=code in CLOSED_STATES)
        for code, label in labels
    ]


@router.get("", dependencies=[needs("contacts:read")])
async def list_contacts(
    env: Env,
    page: PageOf,
    campaign_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    phone: Annotated[Text | None, Query(min_length=1, max_length=PHONE_SIZE)] = None,
    account_number: Annotated[Text | None, Query(min_length=1, max_length=64)] = None,
    state: Annotated[Text | None, Query(max_length=50)] = None,
) -> PageAnswer[Contact]:
    """Contacts of a campaign, with a phone, or with a customer's key, in the order of their coming.
    One of the three must be given.
    """
    domain = _make_domain(env, campaign_id, phone, account_number)
    if state:
        domain &= Domain("state", "=", state)
    contacts, following = take_page(env["ecm.contact"], domain, page)
    return PageAnswer(items=[describe(contact) for contact in contacts], next_cursor=following)


@router.get("/{contact_id:int}", dependencies=[needs("contacts:read")])
async def get_contact(env: Env, contact_id: Id) -> Contact:
    """One contact."""
    return describe(_find(env, contact_id))


@router.post("", status_code=201, dependencies=[needs("contacts:write")])
async def add_contact(env: Env, contact: NewContact) -> Contact:
    """Add a contact to a campaign. 409 where the campaign knows phone 1 already and does not take
    it twice.
    """
    text = env._("There is no campaign %s for this key.", contact.campaign_id)
    campaign = find(env["ecm.campaign"], contact.campaign_id, text, CAMPAIGNS)
    env["ecm.contact"].check_access("create")
    values = _prepare_values(env, contact)
    _refuse_known(env, campaign, values)
    return describe(env["ecm.contact"].create(values))


@router.post("/{contact_id:int}/withdraw", dependencies=[needs("contacts:write")])
async def withdraw_contact(
    env: Env, contact_id: Id, withdrawal: Withdrawal | None = None
) -> Contact:
    """Close an open contact at once. One that is at the dialer may still be called once. One that is
    closed stays as it is.
    """
    contact = _find(env, contact_id)
    contact.action_withdraw(withdrawal and withdrawal.reason)
    contact.invalidate_recordset()
    return describe(contact)


def describe(contact) -> Contact:
    """A contact as the API shows it."""
    parameters = contact.business_parameters or {}
    labels = dict(contact._fields["state"]._description_selection(contact.env))
    return Contact(
        id=contact.id,
        campaign_id=contact.campaign_id.id,
        state=contact.state,
        state_label=labels[contact.state],
        is_open=contact.is_open,
        phones=[phone for phone in contact._get_phones() if phone],
        business_parameters={
            name: parameters[name] or None for name in BUSINESS_PARAMETERS if name in parameters
        },
        not_before=as_utc(contact.not_before),
        next_attempt_at=as_utc(contact.next_attempt_at),
        attempt_count=contact.attempt_count,
        last_attempt_at=as_utc(contact.last_attempt_at),
        last_outcome=contact.last_outcome_id.sudo().name or None,
        block_reason=contact.block_reason or None,
        close_reason=contact.close_reason or None,
        added_at=as_utc(contact.added_at),
        closed_at=as_utc(contact.closed_at),
        **{name: _read(contact, name) for name in KEPT},
    )


def _read(contact, name):
    value = contact[name]
    return value if name == "priority" else value or None


def _find(env, contact_id):
    text = env._("There is no contact %s for this key.", contact_id)
    return find(env["ecm.contact"], contact_id, text)


def _make_domain(env, campaign_id, phone, account_number):
    """What narrows the search to an index."""
    if not (campaign_id or phone or account_number):
        raise Problem(
            "invalid",
            env._("Say which: campaign_id, phone or account_number."),
            field="campaign_id",
        )
    domain = Domain.TRUE
    if campaign_id:
        domain &= Domain("campaign_id", "=", campaign_id)
    if account_number:
        domain &= Domain("account_number", "=", account_number)
    if phone:
        number = normalise(env, phone, "phone")
        domain &= Domain.OR([Domain(name, "=", number)] for name in PHONE_FIELDS)
    return domain


def normalise(env, number, field):
    """A number in E.164, of the company's country where it has no code.

    :raise Problem: it is none
    """
    found, reason = phone_tools.normalise(number, env.company.country_id.code)
    if reason:
        text = env["ecm.contact.list.reject"]._get_reason_text(reason)
        raise Problem("invalid", text, field=field)
    return found


def _prepare_values(env, contact):
    unknown = sorted(set(contact.business_parameters).difference(BUSINESS_PARAMETERS))
    if unknown:
        text = env._("Business parameters are business_parameter_1 to business_parameter_12.")
        raise Problem("invalid", text, field=f"business_parameters.{unknown[0]}")
    for name in ("not_before", "consent_on"):
        moment = getattr(contact, name)
        if moment and moment.year > MAX_YEAR:
            raise Problem("invalid", env._("The year is too far away."), field=name)

    values = {name: getattr(contact, name) for name in KEPT}
    for index, phone in enumerate(contact.phones):
        values[PHONE_FIELDS[index]] = normalise(env, phone, f"phones.{index}")
    return {
        **values,
        "campaign_id": contact.campaign_id,
        "not_before": as_naive(contact.not_before),
        "business_parameters": contact.business_parameters,
    }


def _refuse_known(env, campaign, values):
    """Say that the contact is there, in a way that a program understands."""
    if campaign.duplicate_policy != "reject":
        return
    domain = [("campaign_id", "=", campaign.id), ("phone_1", "=", values["phone_1"])]
    known = env["ecm.contact"].search(domain, limit=1)
    if known:
        text = env._("The campaign knows this phone 1 already.")
        raise Problem("conflict", text, field="phones.0", extra={"contact_id": known.id})
