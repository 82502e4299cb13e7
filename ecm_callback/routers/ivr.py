"""What the dialer's script asks while a call is on (requirements B4, C8, P11)."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from .callbacks import Own
from odoo.addons.ecm_rest_api.dependencies import Env, needs
from odoo.addons.ecm_rest_api.schemas import Text

router = APIRouter(prefix="/ivr", tags=["ivr"])


class Customer(BaseModel):
    number: str | None
    first_name: str | None
    last_name: str | None
    account_number: str | None = Field(description="The customer's key in your systems.")
    email: str | None


class CallCampaign(BaseModel):
    id: int
    name: str


class CallCallback(BaseModel):
    id: int
    due_at: str | None = Field(description="On the customer's clock.")
    kind: str | None
    note: str | None


class Call(BaseModel):
    status: str = Field(description="`known`, `finished` or `unknown`. All three are answers.")
    routes: list[str] = Field(
        description="Who takes the call, in the order in which to try: `agent`, `skill`, `external`."
    )
    agent: str | None = Field(description="Of a personal callback, as the dialer writes it.")
    skill: str | None
    queue: str | None = Field(description="The CSQ or skill group of the skill.")
    next_script: str | None = Field(description="For `external`.")
    contact_id: int | None
    customer: Customer
    business_parameters: dict[str, str] = Field(description="By the campaign's names.")
    campaign: CallCampaign | None
    prompts: dict[str, str] = Field(description="By the script's names.")
    callback: CallCallback | None


class Guidance(BaseModel):
    path: str | None = Field(
        description="Below this server's address, for the agent's browser, for an hour; null: there is "
        "no script for the call, or it is over."
    )


AccountNumber = Annotated[Text, Path(min_length=1, max_length=200)]


@router.get("/calls/{account_number}/guidance", dependencies=[needs("ivr:read")])
async def guide_call(env: Env, account_number: AccountNumber, own: Own) -> Guidance:
    """The campaign's script for a call (requirement R10). A desktop's key opens it in the name of its
    agent.
    """
    path = env["ecm.callback"]._get_guidance(account_number, own.name or "")
    return Guidance(path=path)


@router.get("/calls/{account_number}", dependencies=[needs("ivr:read")])
async def look_up_call(env: Env, account_number: AccountNumber) -> Call:
    """Who is called, and who takes the call, by the Account Number that the dialer has. A number that
    is not known is answered, too: `status` says so, and `routes` is empty.
    """
    return Call(**env["ecm.callback"].api_look_up(account_number))
