/** The parts that settings are made of. Each has `element`, `show(value)`, and calls `onchange(value)`. */
import { h, say, unique } from "./dom.js";
import { plain } from "./words.js";

/** A slider over given stops; a value between them is shown as it is, at the nearest stop. */
export function slider({ label, hint, stops, write = plain, onchange }) {
  const id = unique("slider");
  const output = h("output", { class: "value", for: id });
  const input = h("input", { type: "range", id, min: 0, max: stops.length - 1, step: 1 });
  const show = (value) => {
    const distances = stops.map((stop) => Math.abs(stop - value));
    input.value = distances.indexOf(Math.min(...distances));
    tell(value);
  };
  const tell = (value) => {
    const text = write(value);
    say(output, text);
    input.setAttribute("aria-valuetext", text);
    input.style.setProperty("--share", `${(100 * input.value) / (stops.length - 1)}%`);
  };
  input.addEventListener("input", () => {
    tell(stops[input.value]);
    onchange(stops[input.value]);
  });
  return { element: h("div", { class: "field", title: hint }, h("label", { for: id, text: label }), output, input), show };
}

/** One of a few, as buttons in a row; `picture(name)`, if given, makes a canvas that stands above the name. */
export function choice({ label, hint, options, onchange, picture, kind = "segments" }) {
  const name = unique("choice");
  const inputs = new Map();
  const choices = options.map(({ value, text, hint: more }) => {
    const input = h("input", { type: "radio", name, value, onchange: () => onchange(value) });
    inputs.set(value, input);
    return h("label", { class: "choice", title: more }, input, picture?.(value), h("span", { text }));
  });
  const element = h("fieldset", { class: `field ${kind}`, title: hint }, h("legend", { text: label }), h("div", { class: "choices" }, choices));
  return {
    element,
    inputs,
    show: (value) => {
      for (const [each, input] of inputs) input.checked = each === value;
    },
  };
}

/** A whole number between bounds with a button on either side; `steps` are what the buttons go through. */
export function stepper({ label, steps, low, high, less, more, onchange }) {
  const input = h("input", { type: "number", min: low, max: high, step: 1, "aria-label": label, inputmode: "numeric" });
  let current = low;
  const change = (value) => {
    const whole = Math.round(value);
    if (!Number.isFinite(whole)) return show(current);
    show(Math.min(high, Math.max(low, whole)));
    return onchange(current);
  };
  const show = (value) => {
    current = value;
    input.value = value;
    minus.disabled = value <= low;
    plus.disabled = value >= high;
  };
  const minus = h("button", {
    type: "button", class: "step", text: "−", "aria-label": less,
    onclick: () => change([...steps].reverse().find((step) => step < current) ?? low),
  });
  const plus = h("button", {
    type: "button", class: "step", text: "+", "aria-label": more,
    onclick: () => change(steps.find((step) => step > current) ?? high),
  });
  input.addEventListener("change", () => change(input.value === "" ? NaN : Number(input.value)));
  return { element: h("div", { class: "stepper" }, minus, input, plus), show, focus: () => input.focus() };
}
