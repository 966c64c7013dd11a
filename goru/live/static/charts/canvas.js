/** Pictures on canvas that are drawn when something has changed, at most once a screen refresh. */

const waiting = new Set();
let asked = false;

function drawAll() {
  asked = false;
  const pictures = [...waiting];
  waiting.clear();
  for (const picture of pictures) picture.draw();
}

/**
 * A canvas that fills its element's box, sharp on every screen. `paint(context, width, height)` draws in CSS pixels;
 * `change()` has it drawn again.
 */
export class Picture {
  constructor(canvas, paint) {
    Object.assign(this, { canvas, paint, width: 0, height: 0, context: canvas.getContext("2d") });
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(canvas);
  }

  measure() {
    const { clientWidth, clientHeight } = this.canvas;
    if (clientWidth === this.width && clientHeight === this.height) return;
    this.width = clientWidth;
    this.height = clientHeight;
    this.change();
  }

  change() {
    waiting.add(this);
    if (asked) return;
    asked = true;
    requestAnimationFrame(drawAll);
  }

  draw() {
    if (!this.width || !this.height) return;
    const scale = Math.min(globalThis.devicePixelRatio || 1, 3);
    const [across, down] = [Math.round(this.width * scale), Math.round(this.height * scale)];
    if (this.canvas.width !== across || this.canvas.height !== down) Object.assign(this.canvas, { width: across, height: down });
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
    this.paint(this.context, this.width, this.height);
  }

  close() {
    this.observer.disconnect();
    waiting.delete(this);
  }
}

/** The colours of the style sheet, read again when the reader's theme changes. */
export class Colours {
  constructor(element, onchange) {
    this.element = element;
    this.read();
    this.media = matchMedia("(prefers-color-scheme: dark)");
    this.listener = () => {
      this.read();
      onchange();
    };
    this.media.addEventListener("change", this.listener);
  }

  read() {
    const style = getComputedStyle(this.element);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    for (const name of ["ink", "soft", "faint", "line", "paper", "card", "without", "with", "kept", "spread"]) {
      this[name] = colour(name);
    }
    this.classes = Array.from({ length: 10 }, (_, index) => colour(`class-${index}`));
    this.middle = colour("middle");
    this.font = style.fontFamily;
    this.ramps = new Map();
  }

  close() {
    this.media.removeEventListener("change", this.listener);
  }

  /** 256 colours from the first through the others, as pixels of an image: [r, g, b, r, g, b, ...]. */
  ramp(...stops) {
    const key = stops.join();
    if (!this.ramps.has(key)) this.ramps.set(key, mixed(stops.map(rgb)));
    return this.ramps.get(key);
  }
}

export function rgb(colour) {
  const hex = colour.replace("#", "");
  return [0, 2, 4].map((start) => parseInt(hex.slice(start, start + 2), 16));
}

function mixed(stops) {
  const pixels = new Uint8ClampedArray(256 * 3);
  for (let level = 0; level < 256; level++) {
    const place = (level / 255) * (stops.length - 1);
    const from = Math.min(Math.floor(place), stops.length - 2);
    for (let part = 0; part < 3; part++) {
      pixels[3 * level + part] = stops[from][part] + (place - from) * (stops[from + 1][part] - stops[from][part]);
    }
  }
  return pixels;
}

/** Round numbers from 0 to `top`, at most `most` of them. */
export function ticks(top, most) {
  if (!(top > 0)) return [0];
  const raw = top / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= raw);
  return Array.from({ length: Math.floor(top / step + 1e-9) + 1 }, (_, index) => index * step);
}
