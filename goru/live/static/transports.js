/** The way to the server: its events come in, what the reader does goes out. */

/** Over HTTP: server-sent events and POST. `handlers` are {hello, started, frame, state, error, refused, lost}. */
export function overHttp(token) {
  const address = (path) => `${path}?token=${encodeURIComponent(token)}`;
  return {
    listen(handlers) {
      const source = new EventSource(address("/events"));
      for (const name of ["hello", "started", "frame", "state"]) {
        source.addEventListener(name, (event) => handlers[name](JSON.parse(event.data)));
      }
      // The browser's own errors have no data: then the connection is lost, and it tries again by itself.
      source.addEventListener("error", (event) => (event.data ? handlers.error(JSON.parse(event.data)) : handlers.lost()));
      return () => source.close();
    },
    async send(body) {
      const answer = await fetch(address("/do"), {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
      });
      const said = await answer.json().catch(() => ({}));
      return answer.ok ? { ok: true } : { ok: false, ...said };
    },
    async snippet() {
      const answer = await fetch(address("/snippet"));
      return answer.ok ? answer.text() : "";
    },
  };
}

/**
 * Through a notebook's widget, by custom messages. The kernel sends the next frame once the last one is drawn, and takes
 * a page that says nothing for half a minute for closed.
 */
export function overModel(model) {
  const SIGN_OF_LIFE = 25000;
  const ready = () => model.send({ action: "ready" });
  let snippets = [];
  return {
    listen(handlers) {
      const take = ({ event, data }) => {
        if (event === "snippet") {
          for (const resolve of snippets) resolve(data.text);
          snippets = [];
        } else handlers[event]?.(data);
        if (event === "frame") requestAnimationFrame(ready);
      };
      model.on("msg:custom", take);
      model.send({ action: "ready", opened: true });
      const alive = setInterval(ready, SIGN_OF_LIFE);
      return () => {
        clearInterval(alive);
        model.off("msg:custom", take);
      };
    },
    // A refusal comes as an event of its own.
    send: async (body) => {
      model.send(body);
      return { ok: true };
    },
    snippet: () =>
      new Promise((resolve) => {
        snippets.push(resolve);
        model.send({ action: "snippet" });
      }),
  };
}
