"""`goru live`: from the command to a page, and its clean end."""

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("uvicorn")


def begin(*arguments):
    command = [sys.executable, "-m", "goru.cli", "live", "--no-browser", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process):
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    return out, err


def events_of(address, until):
    parts = urlsplit(address)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=60)
    connection.request("GET", f"/events?token={parse_qs(parts.query)['token'][0]}")
    found = {}
    for line in connection.getresponse():
        text = line.decode().strip()
        if text.startswith("event: "):
            name = text.removeprefix("event: ")
        elif text.startswith("data: "):
            found[name] = json.loads(text.removeprefix("data: "))
            if until(found):
                break
    connection.close()
    return found


@pytest.mark.slow
def test_a_page_trains_and_ends_by_interrupt_with_nothing_more_said():
    process = begin("--lang", "ko")
    address = process.stdout.readline().strip()
    assert urlsplit(address).hostname == "127.0.0.1"
    assert parse_qs(urlsplit(address).query)["lang"] == ["ko"]
    assert events_of(address, lambda found: found.get("frame", {}).get("epoch", 0) > 2)["hello"]["table"] is None
    assert end(process) == ("", "")


@pytest.mark.slow
def test_it_ends_at_once_while_a_program_is_compiled():
    process = begin()
    address = process.stdout.readline().strip()
    events_of(address, lambda found: found.get("frame", {}).get("epoch", 0) > 2)
    time.sleep(1)  # a run that is half a second old is compiled
    assert end(process) == ("", "")


@pytest.mark.slow
def test_a_table_is_read_as_fit_does():
    process = begin("iris", "--drop", "sepal width (cm)", "--port", "0")
    address = process.stdout.readline().strip()
    found = events_of(address, lambda found: "frame" in found)
    assert found["hello"]["table"]["classes"] == ["setosa", "versicolor", "virginica"]
    assert found["hello"]["table"]["columns"] == 3
    assert found["frame"]["sides"]["without"]["surface"] is None
    end(process)


@pytest.mark.slow
def test_nothing_heavy_is_imported_before_the_address_is_printed():
    heavy = "[name for name in ('jax', 'pandas', 'sklearn', 'matplotlib') if name in sys.modules]"
    code = f"import sys, goru.cli, goru.live.server, goru.live.serving; print({heavy})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["nothing.csv"], "nothing.csv"),
        (["iris", "--target", "petals"], "petals"),
        (["--lang", "fr"], "--lang fr"),
        (["--port", "70000"], "--port"),
        (["--port", "-1"], "--port"),
    ],
)
def test_what_cannot_be_opened_is_refused_in_a_line(goru, arguments, named):
    outcome = goru("live", "--no-browser", *arguments)
    assert (outcome.code, outcome.stdout) == (2, "")
    assert len(outcome.stderr.splitlines()) == 1
    assert named in outcome.stderr


def test_a_port_that_is_taken_is_refused(goru):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        outcome = goru("live", "--no-browser", "--port", taken.getsockname()[1])
    assert outcome.code == 2
    assert "Choose another" in outcome.stderr


def test_without_its_packages_it_is_said_what_to_install(goru, monkeypatch):
    for name in ("uvicorn", "goru.live.server"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    outcome = goru("live", "--no-browser")
    assert outcome.code == 2
    assert "pip install 'goru[live]'" in outcome.stderr
