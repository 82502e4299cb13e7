"""Do-not-contact lists: may this number be contacted (requirements N1, R4)."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from ..dependencies import Env, needs
from ..schemas import Text
from .contacts import normalise
from odoo.addons.ecm_campaign.const import PHONE_SIZE

router = APIRouter(prefix="/dnc", tags=["do not contact"])


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


@router.get("/check", dependencies=[needs("dnc:read")])
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
