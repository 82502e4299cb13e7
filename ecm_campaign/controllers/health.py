import hmac

from odoo import http
from odoo.fields import Datetime
from odoo.http import request

from ..const import HEALTH_TOKEN
from ..tools.health import OK, overall

ROUTE = {
    "type": "http",
    "auth": "public",
    "methods": ["GET"],
    "readonly": True,
    "save_session": False,
}
BEARER = "Bearer "


class HealthController(http.Controller):
    """What monitoring asks (requirement P4): from the outside, with a token of its own."""

    @http.route("/ecm/health", **ROUTE)
    def health(self, token=None):
        """JSON: 200 where all is well, 503 where something has a problem. Without the token only
        that we are alive.
        """
        if not self._knows_token(token):
            return request.make_json_response({"status": "alive"})
        judged = request.env["ecm.health"].sudo()._judge_all()
        status = overall(verdict for _reading, verdict in judged)
        checks = [self._describe(reading, verdict) for reading, verdict in judged]
        answer = {"status": status, "at": _say(Datetime.now()), "checks": checks}
        return request.make_json_response(answer, status=200 if status == OK else 503)

    @http.route("/ecm/metrics", **ROUTE)
    def metrics(self, token=None):
        """The same in Prometheus's text format; 401 without the token."""
        if not self._knows_token(token):
            return request.make_response("", status=401)
        # Needed here only: whoever does not use it need not have the package at start.
        from ..tools.metrics import write_metrics

        judged = request.env["ecm.health"].sudo()._judge_all()
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return request.make_response(write_metrics(judged), headers=[("Content-Type", kind)])

    def _knows_token(self, token):
        """Whether the right token was given; there may be none."""
        header = request.httprequest.headers.get("Authorization", "")
        given = header.removeprefix(BEARER) if header.startswith(BEARER) else token or ""
        known = request.env["ir.config_parameter"].sudo().get_param(HEALTH_TOKEN, "")
        # In the same time, whatever is wrong with it.
        is_same = hmac.compare_digest(given.encode(), known.encode())
        return bool(known) and is_same

    def _describe(self, reading, verdict):
        return {
            "kind": reading.kind,
            "name": reading.name,
            "key": reading.key,
            "state": verdict.state,
            "reason": verdict.reason,
            "behind_seconds": round(reading.behind),
            "failures": reading.failures,
            "backlog": reading.backlog,
            "rate_per_hour": reading.rate,
            "last_success_at": _say(reading.last_success_at),
            "error": reading.error,
        }


def _say(moment):
    """:param moment: naive UTC, or None"""
    return moment and f"{moment.isoformat(timespec='seconds')}Z"
