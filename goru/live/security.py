"""Who may ask: the page that this server has handed out, on this machine, and nobody else.

A page on the network can make the user's browser send requests here. So all but the page's own files wants the token
of the address; `Host` must be this machine's, or another name could be made to lead here (DNS rebinding); `Origin`,
where a browser sends it, must be the page's own; and nothing allows other origins to read an answer.
"""

import hmac
import json
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 64 * 1024  # of a request's body
OPEN = ("/static/",)  # paths that want no token: they hold nothing private
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Lets through what may ask; see above.

    **Arguments:**

    - `token`: of the address.
    - `port`: where the server listens.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app, self._token = app, token.encode()
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that may not ask, or hand it on."""
        if scope["type"] != "http":
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                more = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                kept = [pair for pair in message["headers"] if pair[0].decode().lower() not in HEADERS]
                message = {**message, "headers": [*kept, *more]}
            await send(message)

        answer = self._refusal(scope)
        await (answer or self._app)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return refusal(421, "this page is asked for by another name than 127.0.0.1 or localhost.", "host")
        if origins and (len(origins) > 1 or origins[0].lower() not in self._origins):
            return refusal(403, "another page may not ask.", "origin")
        if not scope["path"].startswith(OPEN) and not self._has_token(scope, headers):
            message = "the address has no token, or a wrong one. Open the address that goru live has printed."
            if scope["path"] == "/":
                return PlainTextResponse(message, 403)
            return refusal(403, message, "token")
        return None

    def _has_token(self, scope: Scope, headers: Headers) -> bool:
        offered = headers.get("x-goru-token")
        if offered is None:
            try:
                offered = parse_qs(scope["query_string"].decode("ascii"), max_num_fields=20).get("token", [""])[0]
            except ValueError:
                return False
        return hmac.compare_digest(offered.encode("utf-8", "replace"), self._token)


def refusal(status: int, error: str, where: str) -> Response:
    """What a request that cannot be done is answered: one sentence, and which field it is about."""
    return as_json({"error": error, "where": where}, status)


def as_json(content: object, status: int = 200) -> Response:
    """In ASCII, as half a character that somebody has sent is no UTF-8."""
    return Response(json.dumps(content), status, media_type="application/json")
