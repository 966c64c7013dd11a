/** One side of the comparison: its networks, losses, surface, layers and numbers. */
import { Picture } from "../charts/canvas.js";
import { drawHistogram } from "../charts/histogram.js";
import { drawLosses, epochAt } from "../charts/losses.js";
import { Surface, drawSurface } from "../charts/surface.js";
import { h, say } from "../dom.js";
import { spread } from "../history.js";
import { figure, percent } from "../words.js";

const SMALL = 240; // below this width axes have smaller and fewer labels

export class Side {
  /** `point(epoch)`: the pointer is over this epoch of the losses, or left them (null). */
  constructor({ name, t, colours, point }) {
    Object.assign(this, { name, t, colours, rows: [], kept: null, surface: new Surface(), keptSurface: null });
    this.title = h("h2", {});
    this.dots = h("div", { class: "dots", role: "img" });
    this.losses = new Picture(h("canvas", { class: "losses", role: "img" }), (...size) => this.#drawLosses(...size));
    this.losses.canvas.addEventListener("pointermove", (event) => {
      if (this.view) point(epochAt(event.offsetX, this.losses.width, this.view.axes, this.losses.width < SMALL));
    });
    this.losses.canvas.addEventListener("pointerleave", () => point(null));
    this.map = new Picture(h("canvas", { class: "surface", role: "img" }), (...size) => this.#drawSurface(...size));
    this.layers = h("ol", { class: "layers" });
    this.numbers = h("dl", { class: "numbers" });
    this.values = new Map();
    const curve = h("div", { class: "curve" }, this.#legend(), this.losses.canvas);
    const figures = h("div", { class: "pictures-of-side" }, h("div", { class: "map" }, this.map.canvas), curve);
    const heading = h("header", {}, this.title, this.dots);
    const hidden = h("p", { class: "hidden-note soft", text: t("tour.hidden") });
    const activations = h("div", { class: "activations" }, h("h3", { text: t("stage.layers") }), hidden, this.layers);
    this.element = h("article", { class: `side ${name}`, "data-side": name }, heading, this.numbers, figures, activations);
  }

  #legend() {
    return h("p", { class: "legend" },
      h("span", { class: "name-of-axis", text: this.t("stage.loss") }),
      h("span", { class: "line-validation", text: this.t("stage.validation") }),
      h("span", { class: "line-training", text: this.t("stage.training") }),
      h("span", { class: "line-band", text: this.t("stage.band"), title: this.t("stage.band_hint") }),
    );
  }

  begin(run, title) {
    Object.assign(this, { run, side: run.side(this.name), hasSurface: false });
    say(this.title, title);
    this.extent = run.started.extent;
    this.dots.replaceChildren();
    this.#describePoints();
    this.map.change();
    this.losses.change();
  }

  /** Bring everything up to date: `view` is what all sides share. */
  update(view) {
    Object.assign(this, { view });
    const { last } = this.side;
    this.losses.change();
    if (!last) return;
    this.#updateDots(last);
    this.#updateNumbers(last);
    this.#updateSurface(last, view);
    this.#updateLayers(last, view);
  }

  #updateDots({ networks, learned, diverged }) {
    if (this.dots.childElementCount !== networks) this.dots.replaceChildren(...Array.from({ length: networks }, () => h("i", {})));
    [...this.dots.children].forEach((dot, index) => {
      dot.className = index < learned ? "learned" : index >= networks - diverged ? "diverged" : "";
    });
    this.dots.setAttribute("aria-label", this.t(diverged ? "stage.networks_diverged" : "stage.networks", { learned, n: networks, diverged }));
  }

  #updateNumbers(last) {
    const { curve } = this.side;
    const [name, scores, write] = last.accuracy ? ["accuracy", last.accuracy, percent] : ["r2", last.r2 ?? {}, figure];
    this.#number(`validation_${name}`, write(scores.validation), "main");
    this.#number(`training_${name}`, write(scores.training));
    this.#number("validation_loss", figure(curve.last("validation")));
    this.#number("gap", last.gap == null ? figure(null) : last.gap.toFixed(3).replace("-", "−"));
  }

  #number(name, text, kind = "") {
    if (!this.values.has(name)) {
      const value = h("dd", { "data-number": name });
      const kept = h("dd", { class: "was", hidden: true });
      this.numbers.append(h("div", { class: kind }, h("dt", { text: this.t(`stage.${name}`) }), value, kept));
      this.values.set(name, { value, kept });
    }
    const { value, kept } = this.values.get(name);
    say(value, String(text));
    const was = this.kept?.numbers[name];
    kept.hidden = was === undefined;
    if (was !== undefined) say(kept, this.t("kept.was", { value: was }));
  }

  #updateSurface(last, view) {
    const { surface } = last;
    if (surface) this.surface.set(surface, view.surface, this.colours);
    this.hasSurface = Boolean(surface);
    this.map.change();
  }

  #describePoints() {
    const points = this.run.started.points.x.length;
    const view = this.view ? this.t(`stage.${this.view.surface}`) : this.t("stage.mean");
    const label = this.hasSurface
      ? this.t("stage.surface_label", { side: this.title.textContent, view, points })
      : this.t("stage.points_label", { side: this.title.textContent, points });
    this.map.canvas.setAttribute("aria-label", label);
  }

  #updateLayers(last, view) {
    const layers = last.layers ?? [];
    while (this.rows.length < layers.length) this.#addRow(this.rows.length);
    this.rows.forEach((row, index) => {
      row.element.hidden = index >= layers.length;
      if (row.element.hidden) return;
      const layer = layers[index];
      Object.assign(row, { layer, range: view.range, kept: this.kept?.layers?.[index]?.histogram });
      const { t } = this;
      say(row.weights, `${t("stage.weights")} ${figure(layer.weight_rms)}`);
      say(row.dead, `${t("stage.dead")} ${percent(layer.dead).replace(/\.\d/, "")}`);
      say(row.gamma, layer.gamma ? `${t("stage.gamma")} ${between(layer.gamma)}` : "");
      say(row.beta, layer.beta ? `${t("stage.beta")} ${between(layer.beta)}` : "");
      row.picture.change();
    });
  }

  #addRow(index) {
    const { t } = this;
    const row = {
      weights: h("span", { title: t("stage.weights_hint") }),
      dead: h("span", { title: t("stage.dead_hint") }),
      gamma: h("span", { title: t("stage.gamma_hint") }),
      beta: h("span", { title: t("stage.beta_hint") }),
    };
    const canvas = h("canvas", { class: "histogram", role: "img" });
    row.picture = new Picture(canvas, (context, width, height) => {
      if (!row.layer || !row.range) return;
      drawHistogram(context, width, height, {
        histogram: row.layer.histogram, kept: row.kept, range: row.range, colour: this.colours[this.name], colours: this.colours,
      });
    });
    row.element = h("li", { "data-layer": index + 1 },
      h("b", { text: String(index + 1), "aria-label": t("stage.layer", { layer: index + 1 }) }), canvas,
      h("p", {}, row.weights, row.dead, row.gamma, row.beta));
    this.rows.push(row);
    this.layers.append(row.element);
  }

  /** What stands in the pictures, for those who do not see them; called now and then, not with every frame. */
  describe() {
    if (!this.run) return;
    const { t, side } = this;
    const title = this.title.textContent;
    this.losses.canvas.setAttribute("aria-label", t("stage.losses_label", {
      side: title, epoch: this.run.epoch, training: figure(side.curve.last("training")), validation: figure(side.curve.last("validation")),
    }));
    this.#describePoints();
    this.rows.forEach((row, index) => {
      if (!row.layer?.histogram) return;
      const { mean, sd } = spread(row.layer.histogram);
      row.picture.canvas.setAttribute("aria-label", t("stage.layer_label", { layer: index + 1, side: title, mean: figure(mean), sd: figure(sd) }));
    });
  }

  /** What is kept as A of this side. */
  picture() {
    const { last, first, curve } = this.side;
    const numbers = Object.fromEntries([...this.values].map(([name, { value }]) => [name, value.textContent]));
    return { curve, first, epoch: this.run.epoch, layers: last?.layers, surface: last?.surface, numbers };
  }

  /** Draw a kept picture behind everything; null takes it away. */
  behind(kept, sameData) {
    this.kept = kept;
    this.keptSurface = null;
    if (kept?.surface && kept.epoch > 0 && sameData) { // before training a boundary is noise
      this.keptSurface = new Surface();
      this.keptSurface.set(kept.surface, "mean", this.colours);
    }
    for (const [name, { kept: element }] of this.values) {
      const was = kept?.numbers[name];
      element.hidden = was === undefined;
      if (was !== undefined) say(element, this.t("kept.was", { value: was }));
    }
    if (this.view) this.update(this.view);
  }

  #drawLosses(context, width, height) {
    if (!this.view) return;
    drawLosses(context, width, height, {
      curve: this.side.curve, kept: this.kept?.curve, range: this.view.axes, overfits: this.side.last?.overfits_from, pointed: this.view.pointed,
      colour: this.colours[this.name], colours: this.colours, t: this.t, compact: width < SMALL,
    });
  }

  #drawSurface(context, width, height) {
    if (!this.run) return;
    const shown = this.hasSurface ? this.surface : null;
    const kept = this.keptSurface?.two && this.hasSurface ? this.keptSurface : null;
    const { points, classes } = this.run.started;
    const table = this.run.state.data.kind === "table";
    const named = table ? [1, 2].map((n) => this.t("stage.component", { n })) : null;
    drawSurface(context, width, height, { surface: shown, kept, points, classes, named, extent: this.extent, colours: this.colours });
  }

  redraw() {
    if (this.view && this.side?.last?.surface) this.surface.set(this.side.last.surface, this.view.surface, this.colours);
    for (const picture of [this.losses, this.map, ...this.rows.map((row) => row.picture)]) picture.change();
  }

  close() {
    for (const picture of [this.losses, this.map, ...this.rows.map((row) => row.picture)]) picture.close();
  }
}

/** A median with what lies between the outer tenths. */
const between = (quantiles) => {
  const [low, median, high] = quantiles.map((value) => (value == null ? "–" : value.toFixed(2).replace(/^-(?=0\.00$)/, "").replace("-", "−")));
  return low === high ? median : `${median} (${low} … ${high})`;
};
