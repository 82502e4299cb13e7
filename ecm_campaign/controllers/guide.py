from odoo import http
from odoo.exceptions import AccessError
from odoo.http import Stream, request

from ..models.guide.ecm_guide import ADDRESS

ROUTE = {"type": "http", "auth": "user", "methods": ["GET"], "readonly": True}
# A page of text and pictures, whatever else should ever stand in it.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "img-src 'self'",
        "style-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)


class GuideController(http.Controller):
    """The guide, for whoever has a role of the suite."""

    @http.route(ADDRESS, **ROUTE)
    def find(self, at=""):
        """Go to the chapter about a screen.

        :param str at: address of the web client
        """
        guide = self._get_guide()
        chapter = guide._find_chapter(guide._find_screen(at))
        return request.redirect(f"{ADDRESS}/{chapter}")

    @http.route(f"{ADDRESS}/<string:name>", **ROUTE)
    def show(self, name):
        """A page, with the parts of the guide that the user's role has above it."""
        guide = self._get_guide()
        page = guide._read_page(name)
        if page is None:
            raise request.not_found()
        values = {
            "page": page,
            "name": name,
            "parts": guide._get_parts(),
            "tour": guide._get_tours().get(name),
            "is_foreign": not (request.env.lang or "en").startswith("en"),
            "address": ADDRESS,
            **guide._get_language(),
        }
        response = request.render("ecm_campaign.guide_page", values)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    @http.route(f"{ADDRESS}/picture/<string:name>.png", **ROUTE)
    def show_picture(self, name):
        path = self._get_guide()._find_picture(name)
        if path is None:
            raise request.not_found()
        return Stream.from_path(path).get_response()

    def _get_guide(self):
        """:raise AccessError: the user has no role"""
        guide = request.env["ecm.guide"]
        if not guide._has_guide():
            raise AccessError(request.env._("Ask an administrator for a role in Campaigns."))
        return guide
