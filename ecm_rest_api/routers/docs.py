"""The page for people who read the API's document, from this server alone."""

from pathlib import Path
from typing import Literal

import fastapi_offline
from fastapi import APIRouter, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html

router = APIRouter(prefix="/docs", include_in_schema=False)
_FOLDER = Path(fastapi_offline.__file__).parent / "static"
_SCRIPT, _STYLE, _ICON = "swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"
_KINDS = {_SCRIPT: "text/javascript", _STYLE: "text/css", _ICON: "image/png"}
# They change with the package only.
_CACHED = {"Cache-Control": "public, max-age=86400"}


@router.get("")
async def show_page(request: Request) -> Response:
    """Swagger UI; *Authorize* takes a key, and calls are real ones."""
    root = request.scope["root_path"]
    return get_swagger_ui_html(
        openapi_url=f"{root}/openapi.json",
        title=request.app.title,
        swagger_js_url=f"{root}/docs/{_SCRIPT}",
        swagger_css_url=f"{root}/docs/{_STYLE}",
        swagger_favicon_url=f"{root}/docs/{_ICON}",
    )


@router.get("/{name}")
async def get_part(
    name: Literal["swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"],
) -> Response:
    """What the page loads."""
    content = (_FOLDER / name).read_bytes()
    return Response(content, media_type=_KINDS[name], headers=_CACHED)
