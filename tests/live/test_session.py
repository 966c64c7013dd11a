"""`goru.live.session` and `goru.live.worker`: what is asked is done, and watchers get the latest of it."""

import threading
import time

import pytest
from live_served import wait_for
from live_states import PLAIN, with_data, with_network, with_training

from goru.live import session as sessions
from goru.live import worker
from goru.live.rows import Source
from goru.live.session import Session
from goru.live.state import State, StateError


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setattr(worker, "SETTLED_SECONDS", float("inf"))
    found = Session(PLAIN, Source())
    found.epochs_per_second = 1000.0
    yield found
    assert found.close(20)


def collect(session, seen, until, seconds=60):
    """News until a condition on all of it holds."""
    found, end = [], time.monotonic() + seconds
    while not until(found):
        assert time.monotonic() < end
        found += session.news(seen)
        time.sleep(0.005)
    return found


def frames(news):
    return [data for name, data in news if name == "frame"]


def epochs(news, side="without"):
    return [epoch for frame in frames(news) for epoch in frame["sides"][side]["losses"]["epoch"]]


def test_a_slow_watcher_misses_frames_but_no_loss(session):
    session.start()
    slow, quick = session.watch(), session.watch()
    first = collect(session, slow, lambda news: len(epochs(news)) > 0)
    of_quick = collect(session, quick, lambda news: len(frames(news)) > 5)
    wait_for(lambda: session._frame["epoch"] > epochs(of_quick)[-1] + 5)
    later = collect(session, slow, lambda news: len(epochs(news)) > 0)
    found = epochs(first + later)
    assert found == list(range(len(found)))
    assert len(frames(later)) == 1
    assert len(frames(later)[0]["sides"]["without"]["losses"]["epoch"]) > 5
    assert epochs(of_quick) == list(range(len(epochs(of_quick))))


def test_many_losses_come_in_parts(session, monkeypatch):
    monkeypatch.setattr(sessions, "ENTRIES_AT_ONCE", 3)
    session.start()
    wait_for(lambda: session._frame.get("epoch", 0) > 10)
    session.pause()
    wait_for(lambda: not session.playing)
    time.sleep(0.1)
    seen = session.watch()
    news = collect(session, seen, lambda news: len(epochs(news)) > 10)
    assert epochs(news) == list(range(len(epochs(news))))
    assert max(len(frame["sides"]["without"]["losses"]["epoch"]) for frame in frames(news)) == 3


def test_what_is_set_begins_at_once_even_inside_an_epoch(session):
    session.start()
    seen = session.watch()
    collect(session, seen, lambda news: len(frames(news)) > 1)
    for noise in (0.1, 0.2, 0.3):
        session.set(with_data(noise=noise))
    last = with_data(noise=0.4)
    session.set(last)
    news = collect(session, seen, lambda news: any(n == "started" and d["state"] == last.to_json() for n, d in news))
    after = news + collect(session, seen, lambda more: any(frame["epoch"] > 0 for frame in frames(more)))
    run = [data["run"] for name, data in after if name == "started"][-1]
    assert epochs([("frame", frame) for frame in frames(after) if frame["run"] == run])[0] == 0


def test_steps_are_single_epochs(session):
    session.start()
    seen = session.watch()
    session.pause()
    session.reset()
    collect(session, seen, lambda news: len(frames(news)) > 0 and frames(news)[-1]["epoch"] == 0)
    for _ in range(3):
        session.step()
    news = collect(session, seen, lambda news: bool(frames(news)) and frames(news)[-1]["epoch"] >= 3)
    time.sleep(0.1)
    assert frames(news + session.news(seen))[-1]["epoch"] == 3
    assert not session.playing


def test_speed_is_kept(session):
    session.epochs_per_second = 20.0  # it could do hundreds
    session.start()
    wait_for(lambda: session._frame.get("epoch", 0) >= 2)
    begun, epoch = time.monotonic(), session._frame["epoch"]
    time.sleep(0.4)
    assert session._frame["epoch"] - epoch <= 20 * (time.monotonic() - begun) + 3


def test_it_pauses_where_nobody_watches_and_goes_on_for_the_next(session, monkeypatch):
    monkeypatch.setattr(sessions, "PAUSE_SECONDS", 0.2)
    session.start()
    wait_for(lambda: not session.playing)
    assert session.reason == "nobody watched"
    seen = session.watch()
    assert session.playing
    assert session.reason == "asked"
    collect(session, seen, lambda news: len(frames(news)) > 1)
    session.leave()
    wait_for(lambda: not session.playing)


def test_a_pause_that_was_asked_for_stays_one(session):
    session.start()
    session.pause()
    session.watch()
    session.set(with_data(noise=0.3))
    assert not session.playing


def test_a_run_ends_after_so_many_epochs_and_the_next_begins(session, monkeypatch):
    monkeypatch.setattr(worker, "MOST_EPOCHS", 4)
    session.start()
    seen = session.watch()
    news = collect(session, seen, lambda news: ("state", {"playing": False, "reason": "too long"}) in news)
    news += collect(session, seen, lambda more: epochs(news + more)[-1:] == [4])
    session.set(with_data(noise=0.3))
    assert session.playing


def test_what_cannot_be_trained_is_refused_and_the_run_goes_on(session):
    session.start()
    with pytest.raises(StateError):
        session.set(State(None))
    with pytest.raises(StateError):
        session.set(with_training(with_network(norm="before"), batch=1))
    seen = session.watch()
    collect(session, seen, lambda news: len(frames(news)) > 1)
    assert session.state == PLAIN


def test_an_error_is_told_and_another_state_can_be_set(session, monkeypatch):
    def broken(self, chosen):
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(worker.Run, "view", broken)
        session.start()
        wait_for(lambda: session._error)
        seen = session.watch()  # who comes later is told too
        news = collect(session, seen, lambda news: "error" in dict(news))
        assert "broken" in dict(news)["error"]["error"]
    session.set(with_data(noise=0.3))
    collect(session, seen, lambda news: len(frames(news)) > 1)


def test_closing_ends_its_thread():
    session = Session(PLAIN, Source())
    session.start()
    assert session.close(20)
    assert not [thread for thread in threading.enumerate() if thread.name == "goru-live"]
