"""The API itself: is it alive, who am I, what is installed."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from ..const import VERSION
from ..dependencies import Env, api_call, needs
from ..tools.call import Call
from ..tools.times import as_utc

router = APIRouter(tags=["system"])


class Health(BaseModel):
    status: str


class Caller(BaseModel):
    key: str
    user: str
    company: str
    scopes: list[str]
    calls_per_minute: int
    expires_at: datetime | None


class Versions(BaseModel):
    api: str
    odoo: str
    modules: dict[str, str]


@router.get("/health")
async def get_health(env: Env) -> Health:
    """Whether the server and its database answer. Needs no key."""
    env.cr.execute("SELECT 1")
    return Health(status="ok")


@router.get("/whoami", dependencies=[needs()])
async def who_am_i(env: Env, call: Annotated[Call, Depends(api_call)]) -> Caller:
    """What the key that is shown may do, and in whose name."""
    key = env["ecm.api.key"].sudo().browse(call.key_id)
    return Caller(
        key=key.name,
        user=key.user_id.name,
        company=key.company_id.name,
        scopes=sorted(call.scopes),
        calls_per_minute=call.limit[0],
        expires_at=as_utc(key.expires_at),
    )


@router.get("/version", dependencies=[needs()])
async def get_version(env: Env) -> Versions:
    """Versions of the API, of Odoo and of the suite's modules."""
    domain = [("name", "=like", r"ecm\_%"), ("state", "=", "installed")]
    modules = env["ir.module.module"].sudo().search(domain, order="name")
    base = env["ir.module.module"].sudo().search([("name", "=", "base")])
    return Versions(
        api=VERSION,
        odoo=base.latest_version,
        modules={module.name: module.latest_version for module in modules},
    )
