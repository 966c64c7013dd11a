"""`goru.live.security`: who may ask, and that nobody can do harm."""

import contextlib
import json
import random
import socket

import pytest
from live_served import SMALL, wait_for

HOSTS = ("evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example", "[::1]", "0.0.0.0", "", "LOCALHOST")


def test_nothing_but_static_files_without_the_token(served):
    for path in ("/", "/events", "/snippet", "/static", "/nothing", "//static/main.js", "/STATIC/main.js"):
        for token in ("", "wrong", served.token[:-1], served.token + "x", "ü"):
            assert served.request("GET", path, x_goru_token=token)[0] == 403, (path, token)
    status, body, _ = served.request(
        "POST", "/do", b'{"action": "pause"}', x_goru_token="", content_type="application/json"
    )
    assert status == 403
    assert json.loads(body)["where"] == "token"
    assert served.session.playing


def test_the_token_may_stand_in_the_address_or_in_a_header(served):
    assert served.request("GET", f"/snippet?token={served.token}", x_goru_token="")[0] == 200
    assert served.request("GET", "/snippet")[0] == 200
    assert served.request("GET", f"/snippet?token={served.token}", x_goru_token="wrong")[0] == 403


@pytest.mark.parametrize("host", HOSTS)
def test_another_host_is_refused_everywhere(served, host):
    for path in ("/", "/static/main.js", "/snippet"):
        assert served.request("GET", path, host=host)[0] in (400, 421)


def test_localhost_is_this_machine_too(served):
    assert served.request("GET", "/snippet", host=f"localhost:{served.port}")[0] == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", "file://"]
)
def test_another_origin_is_refused_and_never_allowed_to_read(served, origin):
    status, _, headers = served.request("GET", "/snippet", origin=origin)
    assert status == 403
    assert not [name for name in headers if name.startswith("access-control")]
    assert served.request("OPTIONS", "/do", origin=origin)[0] == 403


def test_the_page_s_own_origin_is_let_through(served):
    assert served.request("GET", "/snippet", origin=f"http://127.0.0.1:{served.port}")[0] == 200


def test_every_answer_has_the_headers(served):
    for path, token in (("/", None), ("/static/main.js", None), ("/nothing", None), ("/", "wrong")):
        _, _, headers = served.request("GET", path, **({} if token is None else {"x_goru_token": token}))
        policy = headers["content-security-policy"]
        assert (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
            in policy
        )
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_only_json_is_taken_and_not_much_of_it(served):
    body = json.dumps({"action": "pause"}).encode()
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert served.request("POST", "/do", body, content_type=kind)[0] == 415
    assert served.request("POST", "/do", b" " * 70_000, content_type="application/json")[0] == 413
    assert served.request("GET", "/do")[0] == 405
    assert served.session.playing


def test_no_file_but_the_page_s_own_is_served(served):
    for path in (
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
        "/static//etc/passwd",
        "/static/",
    ):
        assert served.request("GET", path)[0] in (400, 404)


def hostile_bodies(count: int):
    """States with a field that is not what it should be, and what is no state at all."""
    chance = random.Random(0)
    no_json = [
        b"",
        b"{",
        b"[" * 30_000,
        b"\xff\xfe",
        b"null",
        b'"',
        b"1" * 5000,
        b'{"action":"set","state":' + b"[" * 9000,
    ]
    values = [
        *(
            None,
            True,
            False,
            -1,
            0,
            1e400,
            -1e400,
            float("nan"),
            10**400,
            1.5,
            "",
            "relu",
            "x" * 10_000,
            [],
            [1] * 7,
            [[]],
            {},
        ),
        *({"a": {}}, "\ud800", "<script>alert(1)</script>", [1e9], [True], ["16"], "1e5", 2**63, 5e-324, -0.0),
    ]
    for index in range(count):
        state = SMALL.to_json()
        match index % 4:
            case 0:
                part = chance.choice(list(state))
                state[part][chance.choice(list(state[part]))] = chance.choice(values)
            case 1:
                state[chance.choice([*state, "more", "\ud800"])] = chance.choice(values)
            case 2:
                part = chance.choice(list(state))
                state[part][chance.choice(["__proto__", "\ud800", "x" * 1000])] = chance.choice(values)
            case _:
                yield chance.choice(no_json)
                continue
        action = chance.choice(["set", "set", "set", "look", "speed", "step", None, 7])
        yield json.dumps({"action": action, "state": state, "network": chance.choice(values)}).encode()


def check_hostile(served, count):
    """Requests of every bad kind: each is answered with a status of its own, and training goes on."""
    raw = [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /do HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /do HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"G\x00T / HTTP/9.9\r\n\r\n",
    ]
    served.do({"action": "set", "state": SMALL.to_json()})
    served.do({"action": "play"})
    for index, body in enumerate(hostile_bodies(count)):
        status, answer, _ = served.request("POST", "/do", body, content_type="application/json")
        assert status in (200, 400), (status, body[:200], answer)
        assert b"Traceback" not in answer
        if status == 400:
            content = json.loads(answer)
            assert content["error"].endswith(".")
            assert len(content["error"]) < 400
        if index % 20 == 0:
            with contextlib.closing(socket.create_connection(("127.0.0.1", served.port), timeout=5)) as connection:
                connection.sendall(raw[index // 20 % len(raw)])
                connection.shutdown(socket.SHUT_WR)
                with contextlib.suppress(ConnectionError):
                    assert b"Traceback" not in connection.recv(4096)
    served.do({"action": "set", "state": SMALL.to_json()})
    served.do({"action": "speed", "epochs_per_second": 60})
    served.do({"action": "play"})
    with served.events() as events:
        epochs = []
        for name, data in events:
            assert name != "error", data
            if name == "frame":
                epochs.append(data["epoch"])
                if epochs[-1] >= 5:
                    break
    wait_for(lambda: served.session.watchers == 0)


def test_training_goes_on_through_hostile_requests(served):
    check_hostile(served, 40)


@pytest.mark.slow
def test_training_goes_on_through_a_thousand(served):
    check_hostile(served, 1_000)


@pytest.mark.slow
def test_a_sixteenth_watcher_is_the_last(served):
    with contextlib.ExitStack() as stack:
        for _ in range(16):
            next(stack.enter_context(served.events()))
        assert served.request("GET", "/events")[0] == 503
    wait_for(lambda: served.session.watchers == 0)
