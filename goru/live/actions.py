"""What pages ask of a session, checked, and what they are told first; the same over HTTP and in a notebook."""

from typing import Any

from goru import __version__
from goru.live.session import Session
from goru.live.state import State, StateError, checked_count, checked_number, limits

NAMES = ("set", "play", "pause", "step", "reset", "speed", "look")


def act(session: Session, content: object) -> None:
    """Do what a page asks for.

    **Raises:** `StateError` if it is nothing that can be done.
    """
    if not isinstance(content, dict):
        raise StateError("body", "the body must be an object of JSON.")
    match content.get("action"):
        case "set":
            if "state" not in content:
                raise StateError("state", "state is missing.")
            session.set(State.from_json(content["state"]))
        case "play":
            session.play()
        case "pause":
            session.pause()
        case "step":
            session.step()
        case "reset":
            session.reset()
        case "speed":
            session.speed(checked_number("epochs_per_second", content.get("epochs_per_second")))
        case "look":
            checked_count("layer", content.get("layer", 0), (0, 6))  # frames have all layers
            session.look(checked_count("network", content.get("network", 0), (0, 31)))
        case _:
            raise StateError("action", f"action must be one of {', '.join(NAMES)}.")


def hello(session: Session) -> dict[str, Any]:
    """What a page is told first."""
    return {
        "version": __version__,
        "table": session.source.described(),
        "limits": limits(),
        "state": session.state.to_json(),
        "playing": session.playing,
        "reason": session.reason,
        "epochs_per_second": session.epochs_per_second,
    }
