"""The page's server: on this machine alone, one process, one training."""

import asyncio
import contextlib
import json
import mimetypes
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from goru.errors import InputError
from goru.live.actions import act, hello
from goru.live.paths import STATIC
from goru.live.security import MOST_BYTES, Guard, as_json, refusal
from goru.live.session import Session
from goru.live.state import StateError

mimetypes.add_type("text/javascript", ".js")  # some machines say text/plain, which browsers refuse as a module
HOST = "127.0.0.1"
PING_SECONDS = 10.0
MOST_WATCHERS = 16
LEAVE_SECONDS = 30 * 60  # without a watcher: the server ends


class Page:
    """The routes, and who watches.

    **Arguments:**

    - `session`: what is trained.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        session.on_news = self._wake
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wakes: set[asyncio.Event] = set()
        self._closing = False

    def routes(self) -> list[Any]:
        """Of the application."""
        return [
            Route("/", self._page),
            Route("/events", self._events),
            Route("/do", self._do, methods=["POST"]),
            Route("/snippet", self._snippet),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]

    def close(self) -> None:
        """Let all watchers go."""
        self._closing = True
        self._wake_all()

    def _wake(self) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        for wake in self._wakes:
            wake.set()

    async def _page(self, request: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def _events(self, request: Request) -> Response:
        if len(self._wakes) >= MOST_WATCHERS:
            return refusal(503, f"{MOST_WATCHERS} pages are open already. Close one.", "events")
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        self._loop = asyncio.get_running_loop()
        return StreamingResponse(self._watch(), media_type="text/event-stream")

    async def _watch(self) -> AsyncIterator[bytes]:
        wake = asyncio.Event()
        self._wakes.add(wake)
        seen = self.session.watch()
        try:
            yield _event("hello", hello(self.session))
            while not self._closing:
                wake.clear()
                for name, data in self.session.news(seen):
                    yield _event(name, data)
                    wake.set()  # a frame may have held a part of the losses
                try:
                    await asyncio.wait_for(wake.wait(), PING_SECONDS)
                except TimeoutError:
                    yield _event("ping", {})
        finally:
            self._wakes.discard(wake)
            self.session.leave()

    async def _do(self, request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return refusal(415, "the body must be application/json.", "content-type")
        try:
            content = await _body(request)
        except StateError as error:
            return refusal(413 if error.where == "size" else 400, str(error), error.where)
        except ClientDisconnect:
            return Response(status_code=400)
        try:
            await run_in_threadpool(act, self.session, content)
        except StateError as error:
            return refusal(400, str(error), error.where)
        return as_json({"ok": True})

    async def _snippet(self, request: Request) -> Response:
        return PlainTextResponse(await run_in_threadpool(self.session.snippet))


async def _body(request: Request) -> object:
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > MOST_BYTES:
            raise StateError("size", f"the body is larger than {MOST_BYTES // 1024} kB.")
    try:
        return json.loads(found)
    except (ValueError, RecursionError):
        raise StateError("body", "the body is no JSON.") from None


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, allow_nan=False, separators=(',', ':'))}\n\n".encode()


def application(session: Session, token: str, port: int) -> tuple[Any, Page]:
    """The guarded application, and its page."""
    page = Page(session)
    return Guard(Starlette(routes=page.routes()), token, port), page


class Server(uvicorn.Server):
    """Ends also when nobody has watched for long."""

    def __init__(self, config: uvicorn.Config, page: Page) -> None:
        super().__init__(config)
        self._page = page

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether to end."""
        session = self._page.session
        if not session.watchers and time.monotonic() - session.unwatched_since > LEAVE_SECONDS:
            return True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let watchers go before connections are waited for."""
        self._page.close()
        await super().shutdown(sockets)


def listen(port: int = 0) -> socket.socket:
    """A socket that listens on this machine alone.

    **Raises:** `InputError` if the port is taken.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name != "nt":  # where it would let two servers share a port
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that was closed just now is free
    try:
        found.bind((HOST, port))
        found.listen()  # whoever comes before the server has begun waits for it
    except OSError as error:
        found.close()
        raise InputError(f"port {port}: {error.strerror or error}. Choose another one.") from None
    return found


def make_server(session: Session, sock: socket.socket, token: str) -> Server:
    """A server that has not begun, for a session that may not have."""
    app, page = application(session, token, sock.getsockname()[1])
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        limit_concurrency=100,
        timeout_graceful_shutdown=2,
    )
    return Server(config, page)


def serve(session: Session, sock: socket.socket, token: str) -> bool:
    """Train and serve until Ctrl-C, or until nobody has watched for half an hour.

    **Returns:** whether all threads have ended; where a program was being compiled one may not have.
    """
    server = make_server(session, sock, token)
    session.start()
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn ends by it, and passes it on
        server.run(sockets=[sock])
    return session.close(seconds=0.5)


def new_token() -> str:
    """A token that nobody guesses: 256 bits."""
    return secrets.token_urlsafe(32)


def address(sock: socket.socket, token: str, lang: str | None = None) -> str:
    """Of the page."""
    return f"http://{HOST}:{sock.getsockname()[1]}/?token={token}" + (f"&lang={lang}" if lang else "")
