"""`goru.live.widget`: the page in a notebook, told of by messages."""

import json

import pytest
from live_served import wait_for
from live_states import PLAIN, with_data, with_network

import goru
from goru.errors import InputError
from goru.live import session as sessions
from goru.live import worker
from goru.live.rows import Source
from goru.live.session import Session

pytest.importorskip("anywidget")


@pytest.fixture
def widget(monkeypatch):
    from goru.live.widget import LiveWidget

    monkeypatch.setattr(worker, "SETTLED_SECONDS", float("inf"))
    found = LiveWidget(Session(with_network(norm="before"), Source()))
    found.sent = []
    monkeypatch.setattr(found, "send", lambda content, buffers=None: found.sent.append(json.loads(json.dumps(content))))
    yield found
    found.close()


def events(widget):
    return [message["event"] for message in widget.sent]


def test_it_holds_the_page_in_one_module(widget):
    assert "export default" in widget._esm
    assert widget.words
    assert widget.language == "en"
    assert ".goru-live" in widget._css


def test_a_frame_is_sent_once_the_last_one_is_drawn(widget):
    widget.receive({"action": "ready", "opened": True})
    wait_for(lambda: "frame" in events(widget))
    assert events(widget)[:2] == ["hello", "started"]
    wait_for(lambda: widget.session._frame["epoch"] > 5)
    assert events(widget).count("frame") == 1
    widget.receive({"action": "ready"})
    wait_for(lambda: events(widget).count("frame") == 2)
    frames = [message["data"] for message in widget.sent if message["event"] == "frame"]
    epochs = [epoch for frame in frames for epoch in frame["sides"]["with"]["losses"]["epoch"]]
    assert epochs == list(range(len(epochs)))
    assert len(epochs) > 5
    assert events(widget).count("hello") == 1


def test_a_page_that_is_opened_again_is_told_all_again(widget):
    for times in (1, 2):
        widget.receive({"action": "ready", "opened": True})
        wait_for(lambda: events(widget).count("frame") == times)  # noqa: B023
        assert events(widget).count("hello") == events(widget).count("started") == times
        assert widget.session.watchers == 1
    last = [message["data"] for message in widget.sent if message["event"] == "frame"][-1]
    assert last["sides"]["with"]["losses"]["epoch"][0] == 0


def test_actions_refusals_and_the_snippet(widget):
    state = with_data(noise=0.4)
    widget.receive({"action": "set", "state": state.to_json()})
    assert widget.session.state == state
    widget.receive({"action": "set", "state": {"data": 1}})
    widget.receive("nonsense")
    refused = [message["data"] for message in widget.sent if message["event"] == "refused"]
    assert [data["where"] for data in refused] == ["data", "body"]
    widget.receive({"action": "snippet"})
    assert "goru.MLPClassifier" in widget.sent[-1]["data"]["text"]


def test_a_page_that_falls_silent_is_no_watcher(widget, monkeypatch):
    monkeypatch.setattr("goru.live.widget.SILENCE_SECONDS", 0.1)
    monkeypatch.setattr(sessions, "PAUSE_SECONDS", 0.1)
    widget.receive({"action": "ready", "opened": True})
    wait_for(lambda: widget.session.watchers == 0)
    wait_for(lambda: not widget.session.playing)
    widget.receive({"action": "ready"})
    assert widget.session.playing


def test_show_makes_one_of_a_table_or_a_state(monkeypatch):
    monkeypatch.setattr(worker, "SETTLED_SECONDS", float("inf"))
    found = goru.live.show("iris", language="ko", state={**PLAIN.to_json(), "data": {"kind": "table"}})
    assert found.language == "ko"
    assert found.session.source.described()["rows"] == 150
    found.close()
    with pytest.raises(InputError, match="language"):
        goru.live.show(language="fr")
    with pytest.raises(ValueError, match="no table"):
        goru.live.show(state={**PLAIN.to_json(), "data": {"kind": "table"}})


def test_without_its_package_it_is_said_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "goru.live.widget", None)
    with pytest.raises(InputError, match=r"pip install 'goru\[live\]'"):
        goru.live.show()
