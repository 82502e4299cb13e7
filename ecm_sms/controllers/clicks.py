from odoo import http
from odoo.http import request

from odoo.addons.link_tracker.controller.main import LinkTracker


class ClicksController(LinkTracker):
    """Links of messages: as the links of ``link_tracker``, with whose they are (requirement M4)."""

    @http.route("/r/<string:code>/e/<string:who>", type="http", auth="public", website=True)
    def redirect_contact(self, code, who):
        """Count the click, and lead on."""
        # A phone that shows a preview of the page is no reader.
        if not request.env["ir.http"].is_a_bot():
            visit = {
                "ip": request.httprequest.remote_addr,
                "country_code": request.geoip.country_code,
            }
            request.env["link.tracker.click"].sudo()._add_click_of_contact(code, who, **visit)
        url = request.env["link.tracker"].get_url_from_code(code)
        if not url:
            raise request.not_found()
        return request.redirect(url, code=301, local=False)
