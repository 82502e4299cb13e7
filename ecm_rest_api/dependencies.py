"""What routers ask for (docs/api.md). All are ``async``: none needs a thread of its own, and each
call has its event loop for itself.
"""

from typing import Annotated

from fastapi import Depends, Path, Query, Request, Security
from fastapi.security import HTTPBearer, SecurityScopes

from odoo.api import Environment

from .const import MAX_PAGE_SIZE, PAGE_SIZE
from .tools.call import Call, Replayed
from .tools.problems import Problem
from odoo.addons.fastapi.context import odoo_env_ctx

_bearer = HTTPBearer(
    scheme_name="API key",
    description="An API key of Campaigns › Configuration › API keys.",
    auto_error=False,
)


async def note_route(request: Request):
    """Remember which route it is, for the log: a path may hold somebody's number."""
    route = request.scope.get("route")
    request.scope["ecm.call"].route = getattr(route, "path_format", "")


async def api_env() -> Environment:
    """The environment with the rights, company and language of the caller."""
    return odoo_env_ctx.get()


async def api_call(request: Request) -> Call:
    """The call itself: its key, its scopes, its headers."""
    return request.scope["ecm.call"]


async def check_scopes(
    scopes: SecurityScopes,
    call: Annotated[Call, Depends(api_call)],
    env: Annotated[Environment, Depends(api_env)],
    _token: Annotated[object, Depends(_bearer)],
):
    """Whether the key may do this; and whether it was done, where the client asks a second time.

    :raise Problem: the key lacks a scope that the route asks for
    :raise Replayed: there is an answer already
    """
    missing = sorted(set(scopes.scopes) - call.scopes)
    if missing:
        raise Problem(
            "scope",
            env._("This needs a key with the scope %s.", ", ".join(missing)),
            extra={"scopes": missing},
        )
    earlier = env["ecm.api.replay"].sudo()._begin(call)
    if earlier:
        raise Replayed(earlier)


def needs(*scopes):
    """What a route or router says in its ``dependencies``.

    :param scopes: codes of `ecm.api.scope`; none: any key will do
    """
    return Security(check_scopes, scopes=list(scopes))


class Page:
    """Which part of a list is asked for."""

    def __init__(
        self,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="Rows.")] = PAGE_SIZE,
        cursor: Annotated[
            str | None,
            Query(max_length=500, description="`next_cursor` of the page before."),
        ] = None,
    ):
        self.limit = limit
        self.cursor = cursor


Env = Annotated[Environment, Depends(api_env)]
Id = Annotated[int, Path(ge=1, le=2**31 - 1)]
PageOf = Annotated[Page, Depends()]
