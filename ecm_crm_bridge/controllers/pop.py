from odoo import http
from odoo.exceptions import AccessError
from odoo.http import request


class PopController(http.Controller):
    """The address that the agent's desktop opens with a call (requirement R1)."""

    @http.route("/ecm/pop", type="http", auth="user", methods=["GET"])
    def pop(self, phone=None, account=None, **_others):
        """Open the record of whoever is on the phone: ``/ecm/pop?phone=%2B493023125000`` or
        ``/ecm/pop?account=…``. Whoever is not logged in logs in first.
        """
        if not request.env.user._is_internal():
            raise AccessError(request.env._("Only people of the company see who is calling."))
        return request.redirect(request.env["ecm.crm.pop"]._get_path(phone, account))
