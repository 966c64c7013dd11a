"""A server of the page in a thread, and requests to it."""

import contextlib
import http.client
import json
import threading
import time

from goru.live.server import listen, make_server, new_token
from goru.live.session import Session
from goru.live.state import NetworkState, ShapeData, State, TrainingState

SMALL = State(ShapeData(rows=40), NetworkState((4,), norm="before"), TrainingState(batch=16, seeds=2))


class Served:
    """A server in a thread, and requests to it."""

    def __init__(self, session: Session) -> None:
        self.session, self.token = session, new_token()
        self._sock = listen()
        self.port = self._sock.getsockname()[1]
        self.server = make_server(session, self._sock, self.token)
        session.start()
        self._thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self._sock]}, daemon=True)
        self._thread.start()
        wait_for(lambda: self.server.started)

    def close(self) -> None:
        self.server.should_exit = True
        self._thread.join(timeout=10)
        self.session.close()
        self._sock.close()
        assert not self._thread.is_alive()

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes, dict]:
        """Status, body and headers; a header is left out by giving it as an empty text."""
        given = {"host": f"127.0.0.1:{self.port}", "x-goru-token": self.token} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in given.items():
                if value:
                    connection.putheader(name, value)
            if body is not None:
                connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}

    def do(self, content: object, **headers: str) -> tuple[int, dict]:
        """What a POST of this JSON is answered."""
        given = {"content-type": "application/json"} | headers
        status, body, _ = self.request("POST", "/do", json.dumps(content).encode(), **given)
        return status, json.loads(body)

    @contextlib.contextmanager
    def events(self):
        """The stream of events, as an iterator of names and data, which waits for none of them in vain."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", f"/events?token={self.token}")
            answer = connection.getresponse()
            assert answer.status == 200
            yield _events(answer)


def _events(answer, seconds: float = 200.0):
    name, end = "", time.monotonic() + seconds
    for line in answer:  # a ping at least
        assert time.monotonic() < end, "waited in vain"
        text = line.decode().rstrip("\n")
        if text.startswith("event: "):
            name = text.removeprefix("event: ")
        elif text.startswith("data: "):
            yield name, json.loads(text.removeprefix("data: "))


def wait_for(condition, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
