"""From Odoo's request to the API and back."""

from odoo.http import Dispatcher

from .const import ROUTING_TYPE
from .tools.call import Call
from .tools.problems import Problem


class RestDispatcher(Dispatcher):
    """Routes of `const.ROUTING_TYPE`: what OCA's dispatcher does, and before it whatever needs no
    router (``ecm.api``).
    """

    routing_type = ROUTING_TYPE

    @classmethod
    def is_compatible_with(cls, request):
        return True

    def dispatch(self, endpoint, args):
        """Answer a call in this transaction. Odoo calls it again when that has to be repeated."""
        request = self.request
        request.params = {}
        call = self._get_call()
        env = request.env(su=True)
        self._read_body(call, env["ecm.api"]._get_max_size(call.path))
        record, call.root = env["fastapi.endpoint"]._find_served(call.path)
        answer = env["ecm.api"]._serve(call, record)
        return self._respond(call, answer)

    def handle_error(self, exc):
        """What could not be answered, after all tries."""
        call = self._get_call()
        api = self.request.env(su=True)["ecm.api"]
        answer = api._make_error_answer(call, api._explain(exc))
        return self._respond(call, answer)

    def _get_call(self):
        """Made once for a request, however often its transaction is repeated."""
        if not hasattr(self.request, "_ecm_call"):
            self.request._ecm_call = self._make_call()
        return self.request._ecm_call

    def _make_call(self):
        http = self.request.httprequest
        environ = http.environ
        return Call(
            method=http.method,
            path=http.path,
            query=environ.get("QUERY_STRING", ""),
            headers={name.lower(): value for name, value in http.headers.items()},
            address=http.remote_addr or "",
            scheme=http.scheme,
            server=(environ.get("SERVER_NAME", ""), int(environ.get("SERVER_PORT") or 0)),
        )

    def _read_body(self, call, max_size):
        """:raise Problem: it is too large, or nobody says how large it is"""
        if call.body:
            return
        http = self.request.httprequest
        if http.content_length is None and "transfer-encoding" in call.headers:
            raise Problem("length-required", "Send the body with Content-Length.")
        if (http.content_length or 0) > max_size:
            raise Problem("too-large", f"A body has {max_size} bytes at most.")
        call.body = http.get_data(cache=False)

    def _respond(self, call, answer):
        api = self.request.env(su=True)["ecm.api"]
        headers = [*answer.headers, *api._get_common_headers(call, answer)]
        return self.request.make_response(answer.body, headers=headers, status=answer.status)
