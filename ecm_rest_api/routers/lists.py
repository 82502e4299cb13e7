"""Dialing lists, and files that are read into them (requirements L1, L3, L7, L8, R4)."""

import io
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from odoo.exceptions import MissingError
from odoo.fields import Domain

from ..const import MAX_PAGE_SIZE, PAGE_SIZE, ROOT
from ..dependencies import Env, Id, PageOf, needs
from ..schemas import CampaignRef, Moment, PageAnswer, Text
from ..tools import cursors
from ..tools.problems import Problem
from ..tools.times import as_naive
from .campaigns import CampaignKey, find_campaign
from .finding import find, read_cursor, take_page

router = APIRouter(tags=["dialing lists"])
READ = [needs("contacts:read")]
WRITE = [needs("contacts:write")]
FORM = "multipart/form-data"

Name = Annotated[Text, Field(min_length=1, max_length=200)]


class Hits(BaseModel):
    contacts: int
    numbers: int


class DialingList(BaseModel):
    id: int
    campaign_id: int
    name: str
    source: str = Field(description="manual, folder, api, database, crm or form.")
    state: str = Field(
        description="Of the import: draft, queued, importing, done, failed or cancelled."
    )
    calling: str = Field(description="planned, active, stopped or expired.")
    progress_percent: float = Field(description="Of the file.")
    error: str | None
    mode: str = Field(description="append, overwrite or update.")
    file_name: str | None
    date_start: datetime | None
    date_end: datetime | None
    created_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    processed: int = Field(description="Rows that were read.")
    uploaded: int = Field(description="Contacts that were stored.")
    updated: int
    duplicate: int
    failed: int
    replaced: int
    warnings: int = Field(description="Values that were left out.")
    dnc_hits: dict[str, Hits] = Field(description="By class of the do-not-contact list.")
    contacts: int
    pending: int
    available: int = Field(description="Due now.")
    worked_percent: float = Field(description="Closed contacts of all.")


class ListSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    date_start: Moment | None = Field(None, description="Not called before.")
    date_end: Moment | None = Field(None, description="Open contacts expire then.")


class NewList(ListSettings):
    name: Name
    campaign_id: CampaignRef
    duplicates: Literal["reject", "update", "allow"] | None = None


class RowError(BaseModel):
    id: int
    line: int
    field: str | None
    value: str | None
    code: str
    detail: str
    is_warning: bool = Field(description="The contact is stored, without this value.")


@router.get("/lists", dependencies=READ)
async def list_lists(
    env: Env,
    page: PageOf,
    campaign_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> PageAnswer[DialingList]:
    """Dialing lists in the order of their making."""
    domain = Domain("campaign_id", "=", campaign_id) if campaign_id else Domain.TRUE
    found, following = take_page(env["ecm.contact.list"], domain, page)
    return PageAnswer(items=[one._api_describe() for one in found], next_cursor=following)


@router.post("/lists", status_code=201, dependencies=WRITE)
async def create_list(env: Env, body: NewList) -> DialingList:
    """Create an empty list; `POST /contacts/bulk` with its `list_id` fills it."""
    values = _get_values(body)
    campaign = find_campaign(env, values.pop("campaign_id"))
    return env["ecm.contact.list"].api_create(campaign.id, values)


@router.get("/lists/{list_id:int}", dependencies=READ)
async def get_list(env: Env, list_id: Id) -> DialingList:
    """A list, and how far the import of its file is."""
    return _find(env, list_id)._api_describe()


@router.patch("/lists/{list_id:int}", dependencies=WRITE)
async def update_list(env: Env, list_id: Id, settings: ListSettings) -> DialingList:
    """Change its name or dates."""
    _find(env, list_id)
    return env["ecm.contact.list"].api_update(list_id, _get_values(settings))


@router.post("/lists/{list_id:int}/stop", dependencies=WRITE)
async def stop_list(env: Env, list_id: Id) -> DialingList:
    """Call no more of its contacts until it is restarted."""
    found = _find(env, list_id)
    found.action_stop()
    return found._api_describe()


@router.post("/lists/{list_id:int}/restart", dependencies=WRITE)
async def restart_list(env: Env, list_id: Id) -> DialingList:
    """Call its contacts again, each at the time that was planned for it."""
    found = _find(env, list_id)
    found.action_restart()
    return found._api_describe()


@router.post("/lists/{list_id:int}/cancel", dependencies=WRITE)
async def cancel_list(env: Env, list_id: Id) -> DialingList:
    """Stop reading its file, and take back what was stored of it."""
    found = _find(env, list_id)
    found.action_cancel()
    return found._api_describe()


@router.get("/lists/{list_id:int}/errors", dependencies=READ)
async def list_errors(
    env: Env,
    list_id: Id,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = PAGE_SIZE,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> PageAnswer[RowError]:
    """Rows that were not stored, and values that were left out."""
    _find(env, list_id)
    found = env["ecm.contact.list"].api_read_errors(list_id, read_cursor(env, cursor), limit)
    is_full = len(found) == limit
    following = cursors.encode(found[-1]["id"]) if is_full else None
    return PageAnswer(items=found, next_cursor=following)


@router.get(
    "/lists/{list_id:int}/errors.csv",
    dependencies=READ,
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def download_errors(env: Env, list_id: Id) -> Response:
    """The same as a file, with the row as it was read."""
    found, file = _find(env, list_id), io.BytesIO()
    env["ecm.contact.list.reject"]._write_csv(found, file)
    headers = {"Content-Disposition": f'attachment; filename="errors-{list_id}.csv"'}
    return Response(file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FILE_BODY = {
    "required": True,
    "content": {
        "application/octet-stream": _BINARY,
        "text/csv": _BINARY,
        FORM: {
            "schema": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
            }
        },
    },
}


@router.post(
    "/campaigns/{campaign_id}/files",
    status_code=202,
    dependencies=WRITE,
    openapi_extra={"requestBody": _FILE_BODY},
)
async def upload_file(
    env: Env,
    campaign_id: CampaignKey,
    request: Request,
    response: Response,
    file_name: Annotated[
        Text, Query(min_length=1, max_length=200, description="Shown as the list's name.")
    ] = "contacts.csv",
    profile_id: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="An import profile; none: find out.")
    ] = None,
    mode: Literal["append", "overwrite", "update"] | None = None,
) -> DialingList:
    """Have a CSV or XLSX file imported in the background, as the body or as `file` of a form. Ask
    the address in `Location` how far it is.
    """
    campaign = find_campaign(env, campaign_id)
    profile = profile_id and find(
        env["ecm.import.profile"], profile_id, env._("There is no profile %s.", profile_id)
    )
    content = await request.body()
    name, content = _take_file(env, request.headers.get("content-type", ""), content, file_name)
    created = env["ecm.contact.list"]._api_upload(campaign, name, content, profile or None, mode)
    response.headers["Location"] = f"{ROOT}/lists/{created.id}"
    return created._api_describe()


def _take_file(env, kind, content, name):
    """:return: the file's name and its bytes
    :raise Problem: there is none
    """
    media_type, options = parse_options_header(kind)
    if media_type == FORM:
        name, content = _read_form(env, content, options, name)
    if not content:
        raise Problem("invalid", env._("There is no file in the request."), field="file")
    return name, content


def _read_form(env, content, options, name):
    try:
        parser = FormDataParser()
        _stream, _form, files = parser.parse(io.BytesIO(content), FORM, len(content), options)
    except (ValueError, HTTPException) as error:
        raise Problem("malformed", env._("The form cannot be read.")) from error
    file = files.get("file")
    if not file:
        return name, b""
    return file.filename[:200] or name, file.read()


def _find(env, list_id):
    try:
        return env["ecm.contact.list"]._api_find(list_id)
    except MissingError as error:
        raise Problem("not-found", str(error)) from error


def _get_values(body) -> dict[str, Any]:
    values = body.model_dump(exclude_unset=True)
    for name in ("date_start", "date_end"):
        if values.get(name):
            values[name] = as_naive(values[name])
    return values
