import base64

from odoo import http
from odoo.http import request

# A transparent picture of one dot.
DOT = base64.b64decode(b"R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
# Longer addresses are none that we have made.
MOST_CHARACTERS = 4000
PUBLIC = {"type": "http", "auth": "public", "save_session": False}


class TrackingController(http.Controller):
    """What readers of e-mails come to (requirement M7). The token in an address is the secret; who
    has none learns nothing, and changes nothing.
    """

    @http.route("/ecm_email/open/<string:token>.gif", methods=["GET"], **PUBLIC)
    def open(self, token):
        """The picture of an e-mail; it is there for whoever asks."""
        if request.httprequest.method == "GET" and (message := self._find(token)):
            message._note_event("opened")
        headers = [("Content-Type", "image/gif"), ("Cache-Control", "no-store")]
        return request.make_response(DOT, headers)

    @http.route("/ecm_email/click/<string:token>", methods=["GET"], **PUBLIC)
    def click(self, token, u="", s=""):
        """Lead on to where a link leads; to no place that is not in the e-mail."""
        messages = request.env["ecm.email.message"].sudo()
        if len(u) > MOST_CHARACTERS or not messages._is_ours(token, u, s):
            raise request.not_found()
        # A look at where a link leads is no click.
        if request.httprequest.method == "GET" and (message := self._find(token)):
            message._note_event("clicked", u)
        return request.redirect(u, local=False)

    @http.route("/ecm_email/opt_out/<string:token>", methods=["GET"], **PUBLIC)
    def ask(self, token):
        """Ask whether the reader wants to opt out: programs follow links too."""
        return self._show(token, is_done=False)

    @http.route("/ecm_email/opt_out/<string:token>", methods=["POST"], csrf=False, **PUBLIC)
    def opt_out(self, token, **_values):
        """Opt out: the button of the page, or of a mail program (RFC 8058)."""
        if message := self._find(token):
            message._opt_out()
        return self._show(token, is_done=True)

    def _find(self, token):
        return request.env["ecm.email.message"].sudo()._find_of([token])

    def _show(self, token, is_done):
        message = self._find(token)
        if not message:
            raise request.not_found()
        values = {
            "is_done": is_done,
            "email": message.email,
            "company": message.company_id.name,
            "url": f"/ecm_email/opt_out/{token}",
        }
        return request.render("ecm_email.opt_out_page", values)
