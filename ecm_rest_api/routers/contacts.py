"""Contacts: find, add one or many, withdraw (requirements L3, L5, L10, R4)."""

import json
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from odoo.fields import Domain
from odoo.tools import SQL

from ..dependencies import Env, Id, PageOf, needs
from ..schemas import CampaignRef, Day, Id32, Moment, PageAnswer, Text, Whole
from ..tools.call import JSON
from ..tools.problems import Problem
from ..tools.times import as_naive, as_utc
from .campaigns import find_campaign
from .finding import find, take_page
from odoo.addons.ecm_campaign.const import (
    BUSINESS_PARAMETERS,
    CLOSED_STATES,
    PHONE_FIELDS,
    PHONE_SIZE,
)
from odoo.addons.ecm_campaign.tools import phones as phone_tools
from odoo.addons.ecm_campaign.tools.contact_objects import MAX_ROWS

router = APIRouter(prefix="/contacts", tags=["contacts"])

Phone = Annotated[Text, Field(min_length=1, max_length=PHONE_SIZE)]
Name = Annotated[Text, Field(max_length=64)]
Parameter = Annotated[Text, Field(max_length=255)]
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
# What a new contact asks of its campaign, whose other hundred columns need not be read.
ASKED_OF_CAMPAIGN = (
    "company_id",
    "dial_order",
    "duplicate_policy",
    "is_running",
    "parameters_definition",
    "strategy_id",
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

    campaign_id: CampaignRef
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


class Withdrawals(Withdrawal):
    contact_ids: list[Id32] = Field(default_factory=list, max_length=MAX_ROWS)
    account_numbers: list[Name] = Field(
        default_factory=list, max_length=MAX_ROWS, description="Customer keys."
    )
    campaign_id: CampaignRef | None = Field(None, description="None: in every campaign.")


class Withdrawn(BaseModel):
    contact_ids: list[int] = Field(description="Those that were open and are closed now.")


class NewContacts(BaseModel):
    """Values of contacts as `POST /contacts` takes them, and `country` of numbers without code. They
    are checked one by one: a wrong one keeps none of the others out.
    """

    model_config = ConfigDict(extra="forbid")

    campaign_id: CampaignRef
    contacts: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=MAX_ROWS,
        examples=[[{"phones": ["+493023125001"], "last_name": "Au"}]],
    )
    list_id: Id32 | None = Field(None, description="A dialing list to add to; null: a new one.")
    list_name: Annotated[Text, Field(min_length=1, max_length=200)] | None = None
    duplicates: Literal["reject", "update", "allow"] | None = Field(
        None, description="Numbers that the campaign knows; null: as the campaign says."
    )


class Warned(BaseModel):
    field: str
    code: str
    detail: str


class RowResult(BaseModel):
    index: int = Field(description="Place in `contacts`, from 0.")
    status: Literal["created", "updated", "duplicate", "rejected"]
    id: int | None = Field(None, description="Of the contact; of the one that is known already.")
    state: str | None = Field(None, description="dnc_listed: it must not be contacted.")
    field: str | None = None
    code: str | None = None
    detail: str | None = None
    warnings: list[Warned] | None = Field(None, description="Values that were left out.")


class BulkAnswer(BaseModel):
    list_id: int
    created: int
    updated: int
    duplicate: int
    rejected: int
    results: list[RowResult] = Field(description="One for each contact, in their order.")


class StatesWanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    account_numbers: list[Name] = Field(min_length=1, max_length=MAX_ROWS)
    campaign_id: CampaignRef | None = Field(None, description="None: in every campaign.")


class StateOfContact(BaseModel):
    id: int
    account_number: str
    campaign_id: int
    state: str
    close_reason: str | None
    block_reason: str | None
    next_attempt_at: datetime | None
    attempt_count: int
    last_attempt_at: datetime | None


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
    campaign = find_campaign(env, contact.campaign_id)
    campaign.fetch(ASKED_OF_CAMPAIGN)
    contacts = env["ecm.contact"]
    contacts.check_access("create")
    values = _prepare_values(env, contact, campaign)
    _refuse_known(contacts, campaign, values)
    return describe(contacts.create(values))


@router.post(
    "/bulk",
    dependencies=[needs("contacts:write")],
    response_model=BulkAnswer,
    response_model_exclude_none=True,
)
async def add_contacts(env: Env, body: NewContacts) -> Any:
    """Add up to 10,000 contacts to a campaign in one transaction. Each is checked like a row of a
    file, and `results` says what became of it.
    """
    find_campaign(env, body.campaign_id)
    answer = env["ecm.contact"].api_add_contacts(
        body.campaign_id, body.contacts, body.list_id, body.list_name, body.duplicates
    )
    # Thousands of rows that need no second look.
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), media_type=JSON)


@router.post("/lookup", dependencies=[needs("contacts:read")])
async def get_states(env: Env, body: StatesWanted) -> list[StateOfContact]:
    """What became of customers, by your own keys. A key may have several contacts, or none."""
    if body.campaign_id:
        find_campaign(env, body.campaign_id)
    return env["ecm.contact"].api_get_states(body.account_numbers, body.campaign_id)


@router.post("/withdraw", dependencies=[needs("contacts:write")])
async def withdraw_contacts(env: Env, body: Withdrawals) -> Withdrawn:
    """Close open contacts at once, by ids or by your own keys."""
    if body.campaign_id:
        find_campaign(env, body.campaign_id)
    ids = env["ecm.contact"].api_withdraw(
        body.contact_ids, body.account_numbers, body.campaign_id, body.reason
    )
    return Withdrawn(contact_ids=ids)


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
    parameters = _get_parameters(contact)
    labels = dict(contact._fields["state"]._description_selection(contact.env))
    return Contact(
        id=contact.id,
        campaign_id=contact.campaign_id.id,
        state=contact.state,
        state_label=labels[contact.state],
        is_open=contact.is_open,
        phones=[phone for phone in contact._get_phones() if phone],
        business_parameters=parameters,
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


def _get_parameters(contact):
    """:return: business parameters by name, as far as the campaign has them"""
    # Each look into the field's own value reads all definitions anew.
    [row] = contact.read(["business_parameters"])
    given = {}
    for item in row["business_parameters"] or ():
        name, is_text = item["name"], item.get("type") == "char"
        given[name] = item.get("value") if is_text else contact.business_parameters[name]
    return {name: given[name] or None for name in BUSINESS_PARAMETERS if name in given}


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
    found, reason = phone_tools.normalise_for(number, lambda: env.company.country_id.code)
    if reason:
        text = env["ecm.contact.list.reject"]._get_reason_text(reason)
        raise Problem("invalid", text, field=field)
    return found


def _prepare_values(env, contact, campaign):
    unknown = sorted(set(contact.business_parameters).difference(BUSINESS_PARAMETERS))
    if unknown:
        text = env._("Business parameters are business_parameter_1 to business_parameter_12.")
        raise Problem("invalid", text, field=f"business_parameters.{unknown[0]}")
    values = {name: getattr(contact, name) for name in KEPT}
    for index, phone in enumerate(contact.phones):
        values[PHONE_FIELDS[index]] = normalise(env, phone, f"phones.{index}")
    return {
        **values,
        "campaign_id": campaign.id,
        "not_before": as_naive(contact.not_before),
        "business_parameters": contact.business_parameters,
    }


def _refuse_known(contacts, campaign, values):
    """Say that the contact is there, in a way that a program understands."""
    if campaign.duplicate_policy != "reject":
        return
    # Two calls at the same time: the second one sees what the first has stored.
    contacts._api_await_turn(campaign)
    phone = values["phone_1"]
    where = SQL("c.campaign_id = %s", campaign.id)
    # What this call has stored itself, ``create`` looks at: it is nothing yet.
    if contacts._get_committed_phones(where, {phone}):
        domain = [("campaign_id", "=", campaign.id), ("phone_1", "=", phone)]
        known = contacts.search(domain, limit=1)
        text = contacts.env._("The campaign knows this phone 1 already.")
        extra = {"contact_id": known.id} if known else None
        raise Problem("conflict", text, field="phones.0", extra=extra)
