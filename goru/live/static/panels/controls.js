/** The settings: techniques, data, network and training. */
import { Picture } from "../charts/canvas.js";
import { drawNetwork } from "../charts/network.js";
import { drawActivation, drawShape } from "../charts/thumbnails.js";
import { h, say } from "../dom.js";
import { choice, slider, stepper } from "../parts.js";
import { ACTIVATIONS, DECAY_FORMS, DEFAULT, NORMS, OPTIMIZERS, SHAPES, at, changed } from "../state.js";
import { plain } from "../words.js";

const STOPS = {
  "network.dropout": [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
  "network.decay": [0, 1e-5, 3e-5, 1e-4, 3e-4, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
  "data.rows": [20, 30, 40, 60, 80, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000],
  "data.noise": [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1],
  "data.useless": Array.from({ length: 21 }, (_, index) => index),
  "training.rate": [1e-5, 3e-5, 1e-4, 3e-4, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
  "training.batch": [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
  "training.seeds": [1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32],
};
const DEVIATIONS = [0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10];
const WIDTHS = [1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256];
const MOST_LAYERS = 6;

export class Controls {
  /** `change(state)` is called with every change that the reader makes. */
  constructor({ t, colours, change }) {
    Object.assign(this, { t, colours, change, state: DEFAULT, shown: new Map(), pictures: [], table: null, layers: null });
    this.error = h("p", { class: "error", role: "alert", hidden: true });
    this.techniques = this.#group("techniques", [
      this.#choice("network.norm", NORMS),
      this.#slider("network.dropout"),
      this.#slider("network.decay"),
      this.#choice("network.decay_form", DECAY_FORMS),
    ]);
    this.dataNames = h("div", { class: "field-slot" });
    this.data = this.#group("data", [
      this.dataNames,
      this.#slider("data.rows"),
      this.#slider("data.noise"),
      this.#slider("data.useless"),
      this.#again(),
    ]);
    this.network = this.#group("network", [this.#diagram(), this.#hidden(), this.#activation(), ...this.#initial()]);
    this.training = this.#group("training", [
      this.#slider("training.rate"),
      this.#slider("training.batch"),
      this.#choice("training.optimizer", OPTIMIZERS),
      this.#slider("training.seeds"),
    ]);
    this.#names();
  }

  #group(name, fields) {
    return h("section", { class: `group ${name}`, "data-group": name }, h("h2", { text: this.t(`groups.${name}`) }), fields);
  }

  #labels(path) {
    const name = path.split(".")[1];
    return { label: this.t(`settings.${name}`), hint: this.t(`hints.${name}`) };
  }

  #set(path, value) {
    this.show(changed(this.state, path, value));
    this.change(this.state);
  }

  #remember(path, part) {
    part.element.dataset.path = path;
    this.shown.set(path, part);
    return part.element;
  }

  #slider(path) {
    return this.#remember(path, slider({ ...this.#labels(path), stops: STOPS[path], onchange: (value) => this.#set(path, value) }));
  }

  #choice(path, values) {
    const options = values.map((value) => ({
      value, text: this.t(`options.${value}`), hint: this.t.has(`hints.${value}`) ? this.t(`hints.${value}`) : null,
    }));
    return this.#remember(path, choice({ ...this.#labels(path), options, onchange: (value) => this.#set(path, value) }));
  }

  #picture(draw) {
    return (name) => {
      const canvas = h("canvas", { class: "thumb", "aria-hidden": "true" });
      this.pictures.push(new Picture(canvas, (context, width, height) => draw(context, width, height, name, this.colours)));
      return canvas;
    };
  }

  /** The five shapes, and the table where there is one. */
  #names() {
    const options = SHAPES.map((value) => ({ value, text: this.t(`options.${value}`) }));
    const part = choice({
      label: this.t("settings.name"), options, kind: "pictures", picture: this.#picture(drawShape),
      onchange: (name) => {
        const shape = this.state.data.kind === "shape" ? this.state.data : this.lastShape ?? DEFAULT.data;
        this.#replaceData({ ...shape, name });
      },
    });
    part.element.dataset.path = "data.name";
    this.names = part;
    this.dataNames.replaceChildren(part.element);
    this.ownTable = h("button", {
      type: "button", class: "quiet own-table", hidden: true, "aria-pressed": "false",
      onclick: () => this.#replaceData({ kind: "table" }),
    });
    this.dataNames.append(this.ownTable);
  }

  #replaceData(data) {
    if (this.state.data.kind === "shape") this.lastShape = this.state.data;
    this.show({ ...this.state, data });
    this.change(this.state);
  }

  #again() {
    this.otherRows = h("button", {
      type: "button", class: "quiet", text: this.t("settings.again"),
      onclick: () => this.#set("data.seed", (this.state.data.seed + 1) % 1000),
    });
    return this.otherRows;
  }

  #activation() {
    const options = ACTIVATIONS.map((value) => ({ value, text: this.t(`options.${value}`) }));
    return this.#remember("network.activation", choice({
      ...this.#labels("network.activation"), options, kind: "pictures small", picture: this.#picture(drawActivation),
      onchange: (value) => this.#set("network.activation", value),
    }));
  }

  #initial() {
    const kinds = ["he", "xavier", "own"].map((value) => ({ value, text: this.t(`options.${value}`) }));
    const kind = choice({
      ...this.#labels("network.initial"), options: kinds,
      onchange: (value) => this.#set("network.initial", value === "own" ? this.lastDeviation ?? 0.1 : value),
    });
    const deviation = slider({
      label: this.t("settings.deviation"), hint: this.t("hints.deviation"), stops: DEVIATIONS,
      onchange: (value) => this.#set("network.initial", value),
    });
    deviation.element.dataset.path = "network.deviation";
    const show = (value) => {
      const own = typeof value === "number";
      kind.show(own ? "own" : value);
      deviation.element.hidden = !own;
      if (own) deviation.show((this.lastDeviation = value));
    };
    return [this.#remember("network.initial", { element: kind.element, show }), deviation.element];
  }

  #hidden() {
    const { t } = this;
    const widths = h("div", { class: "widths" });
    const count = stepper({
      label: t("settings.layers"), steps: [0, 1, 2, 3, 4, 5, 6], low: 0, high: MOST_LAYERS, less: t("settings.fewer_layers"),
      more: t("settings.more_layers"),
      onchange: (size) => {
        const { hidden } = this.state.network;
        const last = hidden.at(-1) ?? 16;
        this.#set("network.hidden", Array.from({ length: size }, (_, index) => hidden[index] ?? last));
      },
    });
    const steppers = [];
    const show = (hidden) => {
      count.show(hidden.length);
      while (steppers.length < hidden.length) {
        const index = steppers.length;
        const names = { layer: index + 1 };
        const part = stepper({
          label: t("settings.width_of", names), steps: WIDTHS, low: 1, high: 256, less: t("settings.narrower", names),
          more: t("settings.wider", names),
          onchange: (width) => this.#set("network.hidden", this.state.network.hidden.map((each, at) => (at === index ? width : each))),
        });
        part.element.dataset.layer = index + 1;
        steppers.push(part);
        widths.append(part.element);
      }
      steppers.forEach((part, index) => {
        part.element.hidden = index >= hidden.length;
        if (index < hidden.length) part.show(hidden[index]);
      });
    };
    const element = h("div", { class: "field hidden-layers" }, h("span", { class: "label", text: t("settings.layers") }), count.element, widths);
    return this.#remember("network.hidden", { element, show });
  }

  #diagram() {
    const canvas = h("canvas", { class: "diagram", role: "img" });
    this.diagram = new Picture(canvas, (context, width, height) => {
      drawNetwork(context, width, height, {
        inputs: this.inputs ?? 2, outputs: this.outputs ?? 2, network: this.state.network, layers: this.layers, colours: this.colours,
      });
    });
    this.pictures.push(this.diagram);
    return canvas;
  }

  /** The table that can be chosen beside the shapes. */
  offer(table) {
    this.table = table;
    this.ownTable.hidden = !table;
    if (!table) return;
    const [rows, all] = [table.rows, table.of_rows ?? table.rows].map((count) => count.toLocaleString(this.t.language));
    say(this.ownTable, this.t(rows === all ? "settings.your_table" : "settings.part_of_table", { name: table.name, rows, all }));
  }

  show(state) {
    this.state = state;
    const shape = state.data.kind === "shape";
    if (shape) this.lastShape = state.data;
    for (const [path, part] of this.shown) {
      const value = at(state, path);
      if (value !== undefined) part.show(value);
      if (path.startsWith("data.")) part.element.hidden = !shape;
    }
    this.names.show(shape ? state.data.name : null);
    this.otherRows.hidden = !shape;
    this.ownTable.setAttribute("aria-pressed", String(!shape));
    this.shown.get("network.decay_form").element.hidden = !(state.network.decay > 0);
    this.describe();
    this.diagram.change();
  }

  /** The newest numbers of the layers, and how many columns and classes there are. */
  live(layers, inputs, outputs) {
    Object.assign(this, { layers, inputs, outputs });
    this.describe();
    this.diagram.change();
  }

  describe() {
    const { hidden } = this.state.network;
    const text = this.t("settings.diagram", { layers: hidden.length, widths: hidden.join(", ") || "–" });
    this.diagram.canvas.setAttribute("aria-label", text);
  }

  /** Say which setting the server refused, beside it. */
  refuse(error, where) {
    const field = where && this.shown.get(where)?.element;
    this.error.hidden = !error;
    say(this.error, error ?? "");
    if (error) (field ?? this.training).append(this.error);
  }

  redraw() {
    for (const picture of this.pictures) picture.change();
  }

  close() {
    for (const picture of this.pictures) picture.close();
  }
}

/** The settings in one line, as a reader would say them. */
export function summary(state, t) {
  const { data, network, training } = state;
  const parts = [
    data.kind === "table" ? t("groups.table") : `${t(`options.${data.name}`)} · ${t("stage.rows", { n: data.rows })}`,
    `${network.hidden.join("–") || t("stage.no_layers")} ${t(`options.${network.activation}`)}`,
    t("stage.initial", { initial: typeof network.initial === "number" ? plain(network.initial) : t(`options.${network.initial}`) }),
  ];
  if (network.norm !== "none") parts.push(`${t("techniques.norm")} (${t(`options.${network.norm}`)})`);
  if (network.dropout > 0) parts.push(`${t("techniques.dropout")} ${plain(network.dropout)}`);
  if (network.decay > 0) parts.push(`${t("techniques.decay")} ${plain(network.decay)}`);
  parts.push(`${t(`options.${training.optimizer}`)} ${plain(training.rate)}`);
  return parts.join(" · ");
}
