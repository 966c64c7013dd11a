/** What is seen: a sentence, what is kept as A, how to look, and both sides. */
import { commonRange, eased } from "../charts/histogram.js";
import { axes } from "../charts/losses.js";
import { summary } from "./controls.js";
import { h, say } from "../dom.js";
import { choice, stepper } from "../parts.js";
import { named, says } from "../says.js";
import { Side } from "./side.js";
import { clone, same } from "../state.js";

const MARKS = ["●", "◆", "▲", "■"]; // the shapes of the points, class by class
const CALM = 400; // milliseconds that a sentence stands at least while training goes on
const READ_ALOUD = 2500; // milliseconds between two changes of what a screen reader hears

export class Stage {
  /** `look(network)` asks for one network's surface; `invite(path, value)` switches a technique on. */
  constructor({ t, colours, look, invite, back }) {
    Object.assign(this, { t, colours, look, back, run: null, kept: null, view: { surface: "mean", log: false }, network: 0, told: 0, spoke: 0 });
    this.headline = h("p", { class: "headline", "aria-hidden": "true" });
    this.spoken = h("p", { class: "unseen", "aria-live": "polite" });
    this.notice = h("p", { class: "notice", role: "status", hidden: true });
    this.keptLine = h("div", { class: "kept", hidden: true });
    const point = (epoch) => this.#point(epoch);
    this.sides = { without: new Side({ name: "without", t, colours, point }), with: new Side({ name: "with", t, colours, point }) };
    this.invitation = h("aside", { class: "invitation" }, h("p", { text: t("stage.invite") }),
      h("div", { class: "row" },
        [["norm", "network.norm", "before"], ["dropout", "network.dropout", 0.2], ["decay", "network.decay", 0.01]].map(([name, path, value]) =>
          h("button", { type: "button", class: "quiet", text: t(`stage.invite_${name}`), onclick: () => invite(path, value) }))));
    this.#controls();
    this.both = h("div", { class: "sides" }, this.sides.without.element, this.sides.with.element, this.invitation);
    this.element = h("section", { class: "stage", "aria-label": t("stage.name"), tabindex: "-1", id: "stage" },
      this.notice, this.headline, this.spoken, this.keptLine, this.both, this.looking);
  }

  #controls() {
    const { t } = this;
    this.surfaceChoice = choice({
      label: t("stage.surface"), options: ["mean", "spread", "one"].map((value) => ({ value, text: t(`stage.${value}`) })),
      onchange: (value) => this.#change({ surface: value }),
    });
    this.axisChoice = choice({
      label: t("stage.axis"), options: ["linear", "log"].map((value) => ({ value, text: t(`stage.${value}`) })),
      onchange: (value) => this.#change({ log: value === "log" }),
    });
    this.surfaceChoice.show("mean");
    this.axisChoice.show("linear");
    this.legend = h("p", { class: "legend-points", text: t("stage.legend_points") });
    this.classes = h("p", { class: "legend-points" });
    this.numberSlot = h("span", { class: "which", hidden: true });
    this.looking = h("div", { class: "looking" }, this.surfaceChoice.element, this.numberSlot, this.axisChoice.element,
      this.legend, this.classes);
  }

  #change(view) {
    Object.assign(this.view, view);
    this.numberSlot.hidden = this.view.surface !== "one";
    say(this.legend, this.t(this.view.surface === "spread" ? "stage.spread_legend" : "stage.legend_points"));
    this.update();
    this.describe();
  }

  begin(run) {
    this.run = run;
    this.view.range = null;
    const two = run.names.length === 2;
    this.sides.with.element.hidden = !two;
    this.invitation.hidden = two;
    for (const name of run.names) this.sides[name].begin(run, this.#title(name, two));
    this.#networks(run.state.training.seeds);
    this.#nameClasses(run);
    this.#placeKept();
    this.update();
    this.describe();
  }

  /** Read the losses of both sides at the epoch that a pointer is over; null: at none. */
  #point(epoch) {
    this.view.pointed = epoch;
    for (const name of this.run?.names ?? []) this.sides[name].losses.change();
  }

  #title(name, two) {
    if (!two) return this.t("stage.alone");
    return name === "without" ? this.t("stage.without") : this.t("stage.with", { techniques: named(this.run.state, this.t) });
  }

  /** A table's classes have names. */
  #nameClasses(run) {
    const names = run.state.data.kind === "table" ? (run.started.classes ?? []) : [];
    this.classes.replaceChildren(...names.slice(0, 10).map((name, index) =>
      h("span", {}, h("i", { "data-class": index, text: MARKS[index % MARKS.length] }), String(name))));
  }

  #networks(seeds) {
    const { t } = this;
    this.network = Math.min(this.network, seeds - 1);
    const part = stepper({
      label: t("stage.network_number"), steps: Array.from({ length: seeds }, (_, index) => index + 1), low: 1, high: seeds,
      less: t("stage.previous"), more: t("stage.next"),
      onchange: (value) => {
        this.network = value - 1;
        this.look(this.network);
      },
    });
    part.show(this.network + 1);
    this.numberSlot.replaceChildren(part.element);
  }

  update() {
    const { run, view } = this;
    this.#speak();
    if (!run) return;
    const sides = run.names.map((name) => run.side(name));
    const kept = run.names.map((name) => this.kept?.sides[name]).filter(Boolean);
    view.axes = axes([...sides, ...kept].map((side) => side.curve), view.log);
    const layers = sides.flatMap((side) => side.last?.layers ?? []);
    const histograms = layers.map((layer) => layer.histogram).filter(Boolean); // diverged networks have none
    if (histograms.length) view.range = eased(view.range, commonRange(histograms));
    for (const name of run.names) this.sides[name].update(view);
    // Of tables, points alone are drawn; of shapes, a surface comes with the first frame.
    this.surfaceChoice.element.hidden = sides.some((side) => side.last && !side.last.surface);
    // While networks train, now and then; the last frame after a pause is described in any case.
    if (!this.playing || performance.now() - this.told > READ_ALOUD) this.describe();
  }

  #speak(now = !this.playing || !this.run?.epoch) {
    if (!now && performance.now() - this.spoke < CALM) return;
    this.spoke = performance.now();
    say(this.headline, says(this.run, this.playing, this.t).join(" "));
  }

  describe() {
    this.#speak(true);
    this.told = performance.now();
    say(this.spoken, this.headline.textContent);
    if (this.run) for (const name of this.run.names) this.sides[name].describe();
  }

  /** Hide a part of both sides ("activations") while a lesson asks about it; null shows everything. */
  hide(part) {
    this.element.dataset.hides = part ?? "";
  }

  /** Come into view, where the page is so narrow that all of it stands below. */
  see() {
    if (this.headline.getBoundingClientRect().bottom > innerHeight) this.element.scrollIntoView({ block: "start" });
  }

  /** Keep what is seen as A. */
  keep() {
    const { run } = this;
    if (!run) return;
    const sides = Object.fromEntries(run.names.map((name) => [name, this.sides[name].picture()]));
    // The curves of a run that goes on would grow with it.
    for (const side of Object.values(sides)) side.curve = Object.assign(Object.create(Object.getPrototypeOf(side.curve)), clone(side.curve));
    this.kept = { state: run.state, epoch: run.epoch, sides };
    this.#placeKept();
    this.update();
  }

  forget() {
    this.kept = null;
    this.#placeKept();
    this.update();
  }

  #placeKept() {
    const { kept, t } = this;
    this.keptLine.hidden = !kept;
    for (const [name, side] of Object.entries(this.sides)) {
      if (!this.run?.names.includes(name)) continue;
      const sameData = kept && same({ ...kept.state, network: {}, training: {} }, { ...this.run.state, network: {}, training: {} });
      side.behind(kept?.sides[name] ?? null, sameData);
    }
    if (!kept) return;
    this.keptLine.replaceChildren(
      h("p", { text: t("kept.text", { summary: summary(kept.state, t), epoch: kept.epoch }) }),
      h("button", { type: "button", class: "link", text: t("kept.back"), onclick: () => this.back(kept.state) }),
      h("button", { type: "button", class: "link", text: t("kept.forget"), onclick: () => this.forget() }),
    );
  }

  showPlaying(playing) {
    this.playing = playing;
    this.update();
  }

  /** A line above everything, such as a lost connection; null takes it away. */
  notify(text) {
    this.notice.hidden = !text;
    say(this.notice, text ?? "");
  }

  redraw() {
    for (const side of Object.values(this.sides)) side.redraw();
  }

  close() {
    for (const side of Object.values(this.sides)) side.close();
  }
}
