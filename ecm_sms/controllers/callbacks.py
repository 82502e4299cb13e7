from functools import partial

from werkzeug.exceptions import BadRequest

from odoo import SUPERUSER_ID, http
from odoo.http import Response, request

from ..clients.callbacks import Unreadable, read_replies, read_reports, read_rows, read_text
from odoo.addons.ecm_campaign.tools.crash_points import reach

# Ten thousand reports in one call are less.
MOST_BYTES = 4 * 1024 * 1024


class CallbacksController(http.Controller):
    """What a gateway tells by itself (requirements M2, M3). Its address holds the secret; whoever
    has another one learns nothing.
    """

    @http.route(
        "/ecm_sms/report/<int:gateway_id>/<string:token>",
        type="http",
        auth="none",
        methods=["GET", "POST"],
        csrf=False,
        save_session=False,
        max_content_length=MOST_BYTES,
    )
    def take_reports(self, gateway_id, token, **query):
        """Keep delivery reports; they are applied in the gateway's next turn.

        Kannel calls for each: nobody is logged in for it, who calls is known from Odoo's cache, and
        one statement does the rest.
        """
        gateways = request.env(user=SUPERUSER_ID, su=True)["ecm.sms.gateway"]
        caller = gateways._get_caller(gateway_id, token)
        if not caller:
            raise request.not_found()
        names = caller.report_key, caller.report_reference, caller.report_status
        reports = read_reports(self._read_rows(query), *names)
        gateways.env["ecm.engine"]._atomically(
            partial(self._keep_reports, gateways, caller, reports)
        )
        return Response("", status=200)

    @http.route(
        "/ecm_sms/reply/<int:gateway_id>/<string:token>",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        csrf=False,
        save_session=False,
        max_content_length=MOST_BYTES,
    )
    def take_replies(self, gateway_id, token, **query):
        """Take replies at once: who says STOP gets nothing more."""
        gateway = request.env["ecm.sms.gateway"]._find_caller(gateway_id, token)
        if not gateway or not gateway.takes_replies:
            raise request.not_found()
        number, text_name = gateway.reply_number or "", gateway.reply_text or ""
        text = read_text(request.httprequest.query_string, text_name)
        if text is not None:
            query[text_name] = text
        reference = gateway.reply_reference or ""
        replies = read_replies(self._read_rows(query), number, text_name, reference)

        # Committed before the gateway is told so; again where a turn of it was in the way.
        take = partial(request.env["ecm.sms.reply"].sudo()._take, gateway, replies)
        request.env["ecm.engine"].sudo()._atomically(take)
        return Response("", status=200)

    def _keep_reports(self, gateways, caller, reports):
        is_awaited = gateways.env["ecm.sms.report"]._keep_of(caller, reports)
        reach("sms.reported")
        if reports and not is_awaited:
            gateways.browse(caller.id)._trigger_turn()

    def _read_rows(self, query):
        """:raise BadRequest: nothing that can be read"""
        # A form is in the parameters already.
        is_json = "json" in (request.httprequest.content_type or "")
        body = request.httprequest.get_data() if is_json else b""
        try:
            return read_rows(query, body)
        except Unreadable as error:
            raise BadRequest from error
