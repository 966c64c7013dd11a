/** The whole page: the bar, the settings, the lessons and what is seen, tied to a transport. */
import { Bar } from "./panels/bar.js";
import { Colours } from "./charts/canvas.js";
import { Controls } from "./panels/controls.js";
import { h, settled } from "./dom.js";
import { Run } from "./history.js";
import { Tour } from "./lessons/tour.js";
import { Sharing } from "./panels/sharing.js";
import { Stage } from "./panels/stage.js";
import { changed, read, same, written } from "./state.js";
import { texts } from "./words.js";

const PATIENCE = 120; // milliseconds without a change until one is sent: a slider that is dragged sends one
const STILL = 500; // milliseconds between two pictures where the reader wants little motion

/** Build the page inside `root`; returns a function that takes it away. `address` is missing in a notebook. */
export function mount(root, options) {
  return new App(root, options).stop;
}

class App {
  constructor(root, { transport, words, language, address = null }) {
    const t = texts(words, language);
    Object.assign(this, { root, transport, address, t, run: null, playing: false, wanted: null, greeted: false, drawn: 0 });
    root.lang = language;
    root.dir = "auto";
    this.colours = new Colours(root, () => this.redraw());
    this.controls = new Controls({ t, colours: this.colours, change: (state) => this.want(state) });
    this.stage = new Stage({
      t, colours: this.colours,
      look: (network) => this.send({ action: "look", layer: 1, network }),
      invite: (path, value) => this.want(changed(this.controls.state, path, value), true),
      back: (state) => this.want(state, true),
    });
    this.tour = new Tour({ t, act: this.#acts() });
    this.sharing = new Sharing({ t, address, snippet: () => transport.snippet() });
    this.bar = new Bar({
      t, address, send: (body) => this.send(body), toggle: () => this.toggle(), keep: () => this.stage.keep(),
      share: () => this.sharing.open(),
    });
    this.submit = settled(() => this.#submit(), PATIENCE);
    this.#place();
    this.#listen();
  }

  #place() {
    const { controls, t } = this;
    this.root.replaceChildren(
      h("a", { class: "skip", href: "#stage", text: t("page.skip"), onclick: (event) => this.#skip(event) }),
      this.bar.element,
      h(this.address ? "main" : "div", { class: "layout" },
        h("div", { class: "first" }, this.tour.element, controls.techniques),
        this.stage.element,
        h("div", { class: "rest" }, controls.data, controls.network, controls.training)),
      this.sharing.element,
    );
    this.stage.update();
  }

  #skip(event) {
    event.preventDefault(); // the fragment of the address is the state's
    this.stage.element.focus();
  }

  #listen() {
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    const close = this.transport.listen({
      hello: (hello) => this.#hello(hello),
      started: (started) => this.#started(started),
      frame: (frame) => this.#frame(frame, still.matches),
      state: ({ playing, reason }) => this.#state(playing, reason),
      error: ({ error }) => this.stage.notify(error),
      refused: ({ error, where }) => this.#refused(error, where),
      lost: () => this.stage.notify(this.t("page.lost")),
    });
    const keys = (event) => this.#key(event);
    // In a notebook keys belong to its cells, but for those pressed inside this page.
    const heard = this.address ? document : this.root;
    heard.addEventListener("keydown", keys);
    this.address?.onchange(() => this.#read());
    this.stop = () => {
      close();
      heard.removeEventListener("keydown", keys);
      for (const part of [this.controls, this.stage, this.colours]) part.close();
    };
  }

  #acts() {
    return {
      set: (state) => this.want(state, true, true),
      play: () => this.send({ action: "play" }),
      pause: () => this.send({ action: "pause" }),
      speed: (epochs) => this.send({ action: "speed", epochs_per_second: epochs }).then(() => this.bar.showSpeed(epochs)),
      keep: () => this.stage.keep(),
      forget: () => this.stage.forget(),
      kept: () => this.stage.kept,
      address: () => this.#write(),
      hide: (part) => this.stage.hide(part),
      see: () => this.stage.see(),
    };
  }

  #hello(hello) {
    this.stage.notify(null);
    this.controls.offer(hello.table);
    this.table = hello.table;
    this.bar.showSpeed(hello.epochs_per_second);
    this.#state(hello.playing);
    if (this.greeted) return;
    this.greeted = true;
    if (!this.#read()) this.controls.show(hello.state);
  }

  /** Set what the address says; false if it says nothing. */
  #read() {
    const fragment = this.address?.read() ?? "";
    const state = read(fragment);
    const lesson = new URLSearchParams(fragment.replace(/^#/, "")).get("lesson");
    if (lesson) this.tour.openNamed(lesson);
    if (!state) return false;
    this.want(state, true);
    return true;
  }

  #write() {
    const lesson = this.tour?.lesson?.name;
    this.address?.write(written(this.controls.state) + (lesson ? `&lesson=${lesson}` : ""));
  }

  #started(started) {
    this.run = new Run(started);
    if (!this.wanted || same(this.wanted, started.state)) {
      this.wanted = null;
      this.controls.show(started.state);
      this.controls.refuse(null);
      this.#write();
    }
    this.stage.begin(this.run);
    this.bar.show(this.run);
    this.tour.begin(this.run);
  }

  #frame(frame, still) {
    if (!this.run?.take(frame)) return;
    if (still && performance.now() - this.drawn < STILL && frame.epoch > 1) return void (this.late ??= setTimeout(() => this.#draw(), STILL));
    this.#draw();
  }

  #draw() {
    clearTimeout(this.late);
    this.late = null;
    this.drawn = performance.now();
    const side = this.run.side(this.run.names.at(-1));
    const { data } = this.run.state;
    const inputs = data.kind === "shape" ? 2 + data.useless : this.table?.columns ?? 2;
    this.stage.update();
    this.controls.live(side.last?.layers, inputs, this.run.started.classes?.length > 2 ? this.run.started.classes.length : 1);
    this.bar.show(this.run);
    this.tour.frame();
  }

  #state(playing, reason) {
    this.playing = playing;
    this.bar.showPlaying(playing);
    this.stage.showPlaying(playing);
    this.stage.notify(reason && this.t.has(`page.stopped_${reason}`) ? this.t(`page.stopped_${reason}`) : null);
  }

  redraw() {
    this.controls.redraw();
    this.stage.redraw();
  }

  /** Ask for a state: soon, so that a slider that is dragged asks once, or at once. */
  want(state, now = false) {
    this.wanted = state;
    this.controls.show(state);
    this.#write();
    return now ? this.#submit() : this.submit();
  }

  async #submit() {
    const state = this.wanted;
    if (!state) return;
    const answer = await this.send({ action: "set", state }, false);
    if (!answer.ok && this.wanted === state) this.#refused(answer.error, answer.where);
  }

  #refused(error, where) {
    this.wanted = null;
    this.controls.refuse(error, where);
  }

  async send(body, tell = true) {
    try {
      const answer = await this.transport.send(body);
      if (!answer.ok && tell) this.stage.notify(answer.error);
      return answer;
    } catch {
      this.stage.notify(this.t("page.lost"));
      return { ok: false, error: this.t("page.lost") };
    }
  }

  toggle() {
    return this.send({ action: this.playing ? "pause" : "play" });
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || this.sharing.isOpen) return;
    const { target } = event;
    const slides = target.matches?.("input[type=range]");
    const writes = target.matches?.("select, textarea, input:not([type=range], [type=radio])") || target.isContentEditable;
    const key = event.key.toLowerCase();
    if (key === " " && !writes && (slides || !target.matches?.("button, a, summary, input"))) this.toggle();
    else if (key === "s" && !writes) this.send({ action: "step" });
    else if (key === "r" && !writes) this.send({ action: "reset" });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
