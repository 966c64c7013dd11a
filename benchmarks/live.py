"""How long a reader of `goru live` waits, and how fast networks train before her eyes.

    python benchmarks/live.py                   # four minutes
    python benchmarks/live.py --memory 10       # ten minutes more: whether memory grows while a slow page watches

Measured as a page sees it: over HTTP, by the frames of the event stream. *First frame* is that of the untrained
networks, *trained* the first one after at least an epoch. Of waits the median of several is told, of speeds the best
second. Beside each stand the processor's seconds that the server has spent, which say more on a busy machine: of a wait
those until then, of a speed those of an epoch.
"""

import argparse
import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median
from urllib.parse import parse_qs, urlsplit

Events = Iterator[tuple[str, dict, float]]
Moment = tuple[float, float]  # seconds, or a number a second; and the processor's seconds
REPEATS = 5
SHAPE = {"kind": "shape", "name": "circles", "rows": 500, "noise": 0.2, "useless": 0, "seed": 0}
NETWORK = {
    "hidden": [16, 16],
    "activation": "relu",
    "initial": "he",
    "norm": "before",
    "dropout": 0.1,
    "decay": 0.001,
    "decay_form": "half_squared",
}
TRAINING = {"rate": 0.01, "batch": 32, "optimizer": "adam", "seeds": 16}
DIGITS = {
    "data": {"kind": "table"},
    "network": NETWORK | {"hidden": [128, 128]},
    "training": TRAINING | {"rate": 0.003, "batch": 64},
}


class Served:
    """`goru live` as a process of its own, and a page that watches it."""

    def __init__(self, *arguments: str) -> None:
        self.began = time.monotonic()
        command = [sys.executable, "-m", "goru.cli", "live", *arguments, "--no-browser"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        address = urlsplit(self.process.stdout.readline().strip())
        self.printed = time.monotonic() - self.began
        self.port, self.token = address.port, parse_qs(address.query)["token"][0]

    def events(self) -> Events:
        """Names, data, and when they came."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        with contextlib.closing(connection):
            connection.request("GET", f"/events?token={self.token}")
            name = ""
            for line in connection.getresponse():
                text = line.decode().rstrip("\n")
                if text.startswith("event: "):
                    name = text.removeprefix("event: ")
                elif text.startswith("data: "):
                    now = time.monotonic()
                    yield name, json.loads(text.removeprefix("data: ")), now

    def do(self, **content: object) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            headers = {"content-type": "application/json"}
            connection.request("POST", f"/do?token={self.token}", json.dumps(content), headers)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            answer.read()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)

    @property
    def processor(self) -> float:
        """Seconds that it has had."""
        with open(f"/proc/{self.process.pid}/stat") as status:
            fields = status.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def megabytes(self) -> float:
        """Resident memory."""
        with open(f"/proc/{self.process.pid}/status") as status:
            line = next(line for line in status if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024


@contextlib.contextmanager
def served(*arguments: str) -> Iterator[Served]:
    server = Served(*arguments)
    try:
        yield server
    finally:
        server.close()


def state(network: dict | None = None, **changes: object) -> dict:
    return {"data": SHAPE | changes, "network": network or NETWORK, "training": TRAINING}


def first_frames(server: Served, events: Events, wanted: dict) -> list[Moment]:
    """When the first frame of a state came, and the first after an epoch; with the processor's seconds until then."""
    run, found = None, []
    for name, data, now in events:
        if name == "started" and data["state"] == wanted:
            run = data["run"]
        if name == "frame" and data["run"] == run:
            if not found:
                found.append((now, server.processor))
            if data["epoch"] > 0:
                return [*found, (now, server.processor)]
    raise AssertionError("the events have ended")


def wait(server: Served, events: Events, wanted: dict) -> list[Moment]:
    """Seconds, and the processor's, from setting a state to its first frame, and to the first trained one."""
    begun, spent = time.monotonic(), server.processor
    server.do(action="set", state=wanted)
    return [(now - begun, had - spent) for now, had in first_frames(server, events, wanted)]


def speed(server: Served, events: Events, seconds: float) -> tuple[float, float, float, bool]:
    """Epochs and frames a second, of the best second; the processor's seconds of an epoch; whether compiled."""
    seen, compiled, spent = [], False, 0.0
    for name, data, now in events:
        if name == "frame":
            spent = spent or server.processor
            seen.append((now, data["epoch"]))
            compiled = data["compiled"]
            if now - seen[0][0] > seconds:
                break
    best = (0.0, 0.0)
    for index, (begin, epoch) in enumerate(seen):
        later = next(((i, t, e) for i, (t, e) in enumerate(seen) if t - begin >= 1), None)
        if later is not None:
            count, end, last = later
            best = max(best, ((last - epoch) / (end - begin), (count - index) / (end - begin)))
    return *best, (server.processor - spent) / max(seen[-1][1] - seen[0][1], 1), compiled


def until_compiled(events: Events, seconds: float = 60) -> float:
    """Seconds until a frame says so."""
    begun = time.monotonic()
    for name, data, now in events:
        if name == "frame" and data["compiled"]:
            return now - begun
        if now - begun > seconds:
            break
    return float("nan")


def start() -> None:
    found = []
    for _ in range(3):
        with served() as server:
            printed = server.printed, server.processor
            frames = (now for name, data, now in server.events() if name == "frame" and data["epoch"] > 0)
            found.append((printed, (next(frames) - server.began, server.processor)))
    line("from the command to the address", middle([printed for printed, _ in found]))
    line("from the command to a page that trains", middle([trained for _, trained in found]), 3)


def waits() -> None:
    shapes = ("moons", "spirals", "xor", "stripes", "circles")
    rates = [NETWORK | {"dropout": 0.1 + 0.01 * index} for index in range(1, 2 * REPEATS + 1)]
    with served() as server:
        events = server.events()
        wait(server, events, state())
        found = {"a slider": [wait(server, events, state(rate)) for rate in rates[:REPEATS]]}
        found["another shape"] = [wait(server, events, state(name=name)) for name in shapes]
        seconds = until_compiled(events)
        found["a slider, its program known"] = [wait(server, events, state(rate)) for rate in rates[REPEATS:]]
    for what, moments in found.items():
        line(f"{what}: first frame", middle([first for first, _ in moments]), 0.6 if what == "another shape" else 0.3)
        line(f"{what}: trained", middle([trained for _, trained in moments]))
    line("until its program is compiled", (seconds, float("nan")))


def speeds(name: str, arguments: tuple[str, ...], wanted: dict, bar: float) -> None:
    with served(*arguments) as server:
        events = server.events()
        server.do(action="speed", epochs_per_second=60)
        wait(server, events, wanted)
        for _ in range(2):
            epochs, frames, spent, compiled = speed(server, events, 4)
            how = "compiled" if compiled else "at once"
            line(f"{name} {how}: epochs a second", (epochs, spent), bar)
            line(f"{name} {how}: frames a second", (frames, float("nan")))
            if not compiled:
                until_compiled(events)


def middle(moments: list[Moment]) -> Moment:
    return median(wall for wall, _ in moments), median(processor for _, processor in moments)


def memory(minutes: float) -> None:
    """One page reads all, one reads nothing; states change all the time."""
    with served() as server:
        events = server.events()
        slow = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        slow.request("GET", f"/events?token={server.token}")
        begun, told, index, figures = time.monotonic(), 0.0, 0, []
        for _, _, now in events:
            if now - told > 10:
                told, index = now, index + 1
                server.do(action="set", state=state(NETWORK | {"dropout": 0.01 * (index % 30)}, seed=index))
                figures.append(server.megabytes)
            if now - begun > 60 * minutes:
                break
        slow.close()
    for index in range(5, len(figures), max(len(figures) // 6, 1)):
        line(f"memory after {(index + 1) / 6:.1f} minutes, MB", (figures[index], float("nan")))
    line("memory at the end, MB", (figures[-1], float("nan")))


def line(what: str, moment: Moment, bar: float | None = None) -> None:
    value, processor = moment
    print(f"{what:<56} {value:>8.3g} {processor:>8.3g} {'' if bar is None else f'{bar:>6g}'}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", type=float, default=0, help="minutes")
    parser.add_argument("--only", choices=("start", "waits", "small", "digits", "memory"))
    chosen = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'':<56} {'s or 1/s':>8} {'cpu s':>8} {'bar':>6}")
    if chosen.only in (None, "start"):
        start()
    if chosen.only in (None, "waits"):
        waits()
    if chosen.only in (None, "small"):
        speeds("32 of 2-16-16-1", (), state(), 30)
    if chosen.only in (None, "digits"):
        speeds("32 of 64-128-128-10", ("digits",), DIGITS, 5)
    if chosen.memory:
        memory(chosen.memory)
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
