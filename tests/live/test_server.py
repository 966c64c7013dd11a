"""`goru.live.server`: pages, events and what is done, over real requests."""

import contextlib
import json

import pytest
from live_served import SMALL

from goru.errors import InputError
from goru.live.server import address, listen, new_token


@pytest.fixture(autouse=True)
def playing(served):
    """A test that fails in a pause does not stop the next one."""
    served.session.play()


def first(events, wanted):
    return next(data for name, data in events if name == wanted)


def test_page_and_its_modules_are_served(served):
    status, body, headers = served.request("GET", "/")
    assert status == 200
    assert b"<!doctype html>" in body.lower()
    assert headers["content-type"].startswith("text/html")
    status, _, headers = served.request("GET", "/static/main.js", x_goru_token="")
    assert (status, headers["content-type"].partition(";")[0]) == (200, "text/javascript")


def test_a_watcher_is_told_all_from_the_first_epoch_on(served):
    with served.events() as events:
        name, hello = next(events)
        assert name == "hello"
        assert hello["table"] is None
        assert hello["limits"]["bounds"]["data.rows"] == [20, 5000]
        started = first(events, "started")
        assert started["sides"] == ["without", "with"]
        assert len(started["points"]["x"]) == 40
        epochs, side = [], {}
        while len(epochs) < 6:
            frame = first(events, "frame")
            assert frame["run"] == started["run"]
            side = frame["sides"]["with"]
            epochs += side["losses"]["epoch"]
        assert epochs == list(range(len(epochs)))
        assert len(side["surface"]["mean"]) == 4 * -(-1600 // 3)
        assert [layer["name"] for layer in side["layers"]] == ["1"]
        assert len(side["layers"][0]["gamma"]) == 3
        assert 0 <= side["accuracy"]["validation"] <= 1
        assert set(side["losses"]["training"]) == {"mean", "low", "high"}


def test_set_pause_step_speed_and_reset(served):
    changed = SMALL.to_json()
    changed["data"]["name"] = "xor"
    with served.events() as events:
        first(events, "started")
        assert served.do({"action": "set", "state": changed}) == (200, {"ok": True})
        assert first(events, "started")["state"] == changed
        served.do({"action": "pause"})
        assert first(events, "state") == {"playing": False, "reason": "asked"}
        served.do({"action": "reset"})
        assert first(events, "started")["state"] == changed
        assert first(events, "frame")["epoch"] == 0
        for epoch in (1, 2):
            served.do({"action": "step"})
            assert first(events, "frame")["sides"]["without"]["losses"]["epoch"] == [epoch]
        served.do({"action": "speed", "epochs_per_second": 7})
        assert served.session.epochs_per_second == 7
        served.do({"action": "look", "layer": 1, "network": 1})
        assert first(events, "frame")["epoch"] == 2
        served.do({"action": "play"})
        assert first(events, "state") == {"playing": True, "reason": "asked"}
    with served.events() as events:
        assert first(events, "hello")["state"] == changed
    served.do({"action": "speed", "epochs_per_second": 60})


def test_two_watchers_get_the_same_numbers_and_a_pause_reaches_both(served):
    with served.events() as one, served.events() as other:
        frames = [first(events, "frame") for events in (one, other)]
        of_side = [frame["sides"]["with"]["losses"] for frame in frames]
        losses = [dict(zip(own["epoch"], own["training"]["mean"], strict=True)) for own in of_side]
        shared = losses[0].keys() & losses[1].keys()
        assert shared
        assert {epoch: losses[0][epoch] for epoch in shared} == {epoch: losses[1][epoch] for epoch in shared}
        served.do({"action": "pause"})
        for events in (one, other):
            assert first(events, "state")["playing"] is False
        served.do({"action": "play"})


def test_snippet_is_python(served):
    status, body, headers = served.request("GET", "/snippet")
    assert status == 200
    assert headers["content-type"].startswith("text/plain")
    compile(body, "snippet", "exec")


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ({"action": "dance"}, "action"),
        ({}, "action"),
        ([], "body"),
        ({"action": "set"}, "state"),
        ({"action": "set", "state": {"data": {"kind": "table"}}}, "network"),
        ({"action": "speed"}, "epochs_per_second"),
        ({"action": "speed", "epochs_per_second": True}, "epochs_per_second"),
        ({"action": "look", "network": 32}, "network"),
    ],
    ids=json.dumps,
)
def test_what_cannot_be_done_is_refused_in_a_sentence(served, content, where):
    status, answer = served.do(content)
    assert status == 400
    assert answer["where"] == where
    assert answer["error"].endswith(".")


def test_a_table_that_is_not_there_is_refused(served):
    state = SMALL.to_json() | {"data": {"kind": "table"}}
    served.do({"action": "set", "state": SMALL.to_json()})
    state["data"] = {"kind": "table"}
    status, answer = served.do({"action": "set", "state": state})
    assert (status, answer["where"]) == (400, "data.kind")


def test_address_is_of_this_machine_and_the_token_new_each_time():
    with contextlib.closing(listen()) as sock:
        assert sock.getsockname()[0] == "127.0.0.1"
        found = address(sock, "T", "ko")
        assert found == f"http://127.0.0.1:{sock.getsockname()[1]}/?token=T&lang=ko"
        with pytest.raises(InputError, match="Choose another"):
            listen(sock.getsockname()[1])
    tokens = {new_token() for _ in range(50)}
    assert len(tokens) == 50
    assert min(map(len, tokens)) >= 40
