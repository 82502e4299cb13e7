"""Odoo as its web client sees it: a session cookie and `call_kw`. Standard library only."""

import http.cookiejar
import json
import re
import urllib.request
import uuid
from typing import Any


class RpcError(Exception):
    """What Odoo answered instead of a result."""

    def __init__(self, error: dict[str, Any]) -> None:
        data = error.get("data") or {}
        self.name = str(data.get("name", ""))
        self.debug = str(data.get("debug", ""))
        super().__init__(data.get("message") or error.get("message"))


class WebClient:
    """One logged-in session.

    `client.call("res.partner", "search_read", [("is_company", "=", True)], ["name"], limit=3)`
    """

    def __init__(self, url: str, timeout_s: float = 60) -> None:
        self.url = url
        self.timeout_s = timeout_s
        self.user_id = 0
        self._jar = http.cookiejar.CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(self._jar)
        # The server is on this machine: a proxy of the environment would only be in the way.
        no_proxy = urllib.request.ProxyHandler({})
        self._opener = urllib.request.build_opener(cookies, no_proxy)

    @property
    def session(self) -> str:
        """The session's ID, as a browser keeps it; empty before the login."""
        found = (cookie.value for cookie in self._jar if cookie.name == "session_id")
        return next(found, None) or ""

    def login(self, database: str, login: str = "admin", password: str = "admin") -> dict[str, Any]:
        """Open a session; the answer is the web client's session information."""
        session = self._post(
            "/web/session/authenticate", {"db": database, "login": login, "password": password}
        )
        self.user_id = int(session["uid"])
        return dict(session)

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a public method of a model; a method on records takes their ids as first argument."""
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self._post(f"/web/dataset/call_kw/{model}/{method}", params)

    def upload(self, path: str, name: str, content: bytes) -> dict[str, Any]:
        """Send a file in a form, with the token of this session, as the web client does."""
        # Odoo takes no form without the token that stands in the page.
        page = self._get("/odoo")
        token = re.search(r'csrf_token: "([^"]+)"', page)
        if not token:
            raise ValueError("Odoo's page holds no token")

        boundary = uuid.uuid4().hex
        disposition = f"--{boundary}\r\nContent-Disposition: form-data; name="
        csrf = f'{disposition}"csrf_token"\r\n\r\n{token[1]}\r\n'
        head = f'{csrf}{disposition}"ufile"; filename="{name}"\r\n\r\n'
        tail = f"\r\n--{boundary}--\r\n"
        body = head.encode() + content + tail.encode()
        content_type = f"multipart/form-data; boundary={boundary}"
        answer = self._send(path, body, content_type)
        return dict(answer)

    def _get(self, path: str) -> str:
        url = self.url + path
        with self._opener.open(url, timeout=self.timeout_s) as response:
            content = response.read()
        return str(content.decode())

    def _send(self, path: str, body: bytes, content_type: str) -> Any:
        url = self.url + path
        headers = {"Content-Type": content_type}
        request = urllib.request.Request(url, body, headers)
        with self._opener.open(request, timeout=self.timeout_s) as response:
            return json.load(response)

    def _post(self, path: str, params: dict[str, Any]) -> Any:
        call = {"jsonrpc": "2.0", "method": "call", "params": params}
        body = json.dumps(call).encode()
        answer = self._send(path, body, "application/json")
        # An error of the application comes with HTTP's code 200.
        if "error" in answer:
            raise RpcError(answer["error"])
        return answer.get("result")
