"""The page in a notebook: the same session, told of by widget messages instead of a server."""

import json
import threading
import time
from typing import Any

import anywidget
import traitlets

from goru.live.actions import act, hello
from goru.live.bundle import bundle
from goru.live.paths import STATIC
from goru.live.session import Seen, Session
from goru.live.state import StateError

SILENCE_SECONDS = 75.0  # after so long without a word from the page it is closed; it says one every 25


class LiveWidget(anywidget.AnyWidget):
    """Networks that train while techniques are switched on and off.

    **Arguments:**

    - `session`: what is trained; it has not been started.
    - `language`: `"en"` or `"ko"`.

    The page is sent the next frame once it has drawn the last one, so that nothing piles up between kernel and page.
    """

    _css = (STATIC / "style.css").read_text(encoding="utf-8")
    words = traitlets.Dict().tag(sync=True)
    language = traitlets.Unicode("en").tag(sync=True)

    def __init__(self, session: Session, language: str = "en") -> None:
        words = json.loads((STATIC / f"words.{language}.json").read_text(encoding="utf-8"))
        super().__init__(_esm=bundle(STATIC, "widget.js"), words=words, language=language)
        self.session = session
        self._seen: Seen | None = None  # of the page, while it is open
        self._drawn, self._heard = True, 0.0
        self._news = threading.Event()
        self._closing = False
        session.on_news = self._news.set
        self.on_msg(lambda _, content, __: self.receive(content))
        session.start()
        threading.Thread(target=self._tell, name="goru-live-widget", daemon=True).start()

    def receive(self, content: Any) -> None:
        """Do what the page says."""
        self._heard = time.monotonic()
        match content:
            case {"action": "ready", "opened": True}:
                self._leave()
                self._open()
            case {"action": "ready"}:
                self._drawn = True
                self._open()
            case {"action": "snippet"}:
                self.send({"event": "snippet", "data": {"text": self.session.snippet()}})
            case _:
                try:
                    act(self.session, content)
                except StateError as error:
                    self.send({"event": "refused", "data": {"error": str(error), "where": error.where}})

    def close(self) -> None:
        """End the training, and take the page away."""
        self._closing = True
        self._news.set()
        self.session.close(seconds=0.5)
        super().close()

    def _open(self) -> None:
        if self._seen is None:
            self.send({"event": "hello", "data": hello(self.session)})
            self._drawn, self._seen = True, self.session.watch()
        self._news.set()

    def _leave(self) -> None:
        if self._seen is not None:
            self._seen = None
            self.session.leave()

    def _tell(self) -> None:
        """Send what is new, in a thread of its own, as soon as the page has drawn what it has."""
        while not self._closing:
            self._news.wait(1.0)
            self._news.clear()
            if time.monotonic() - self._heard > SILENCE_SECONDS:
                self._leave()
            seen = self._seen
            if seen is None or not self._drawn:
                continue
            for event, data in self.session.news(seen):
                self._drawn = self._drawn and event != "frame"
                self.send({"event": event, "data": data})
