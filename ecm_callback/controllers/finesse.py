import io
import json
import zipfile

from odoo import http
from odoo.exceptions import AccessError
from odoo.http import content_disposition, request
from odoo.tools import file_open

from odoo.addons.ecm_campaign.const import ADMINISTRATOR

FILES = ("callback.xml", "callback.js", "callback.css")
CONFIG = """// Where the gadget finds Odoo. Each desktop has a key of its own: a supervisor makes a code for the
// agent (Campaigns > Configuration > Callback agents), which the agent types into the gadget once.
window.ecmCallbackConfig = {config};
"""


class FinesseController(http.Controller):
    """The gadget for Finesse's folder of third-party gadgets (requirement B9)."""

    @http.route("/ecm_callback/finesse/gadget.zip", type="http", auth="user", methods=["GET"])
    def gadget(self):
        """A zip to unpack into ``3rdpartygadget/files/callback``, with this server's address."""
        if not request.env.user.has_group(ADMINISTRATOR):
            raise AccessError(request.env._("Ask an administrator of Outbound Campaigns."))
        server = request.env["ir.config_parameter"].sudo().get_param("web.base.url")
        config = json.dumps({"server": server.rstrip("/")}, indent=4)
        stored = io.BytesIO()
        with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr("config.js", CONFIG.replace("{config}", config))
            for name in FILES:
                with file_open(f"ecm_callback/static/finesse/{name}", "rb") as file:
                    package.writestr(name, file.read())
        headers = [
            ("Content-Type", "application/zip"),
            ("Content-Disposition", content_disposition("ecm_callback_gadget.zip")),
        ]
        return request.make_response(stored.getvalue(), headers)
