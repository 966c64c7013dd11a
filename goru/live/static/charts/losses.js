import { ticks } from "./canvas.js";
import { figure } from "../words.js";

const LEAST = 1e-4; // the lowest loss on a logarithmic axis

/** The range of both axes that all curves share: {epochs, top, bottom, log}. */
export function axes(curves, log) {
  let [epochs, top, bottom] = [50, 0, Infinity];
  for (const curve of curves) {
    while (epochs < (curve.epoch.at(-1) ?? 0)) epochs *= epochs < 100 ? 2 : 1.5;
    const first = Math.max(curve.training.mean[0] ?? 0, curve.validation.mean[0] ?? 0);
    for (const part of ["training", "validation"]) {
      for (const loss of curve[part].mean) {
        // A loss that explodes leaves the picture rather than flatten all others.
        if (Number.isFinite(loss)) top = Math.max(top, Math.min(loss, 4 * Math.max(first, 0.5)));
        if (loss > 0) bottom = Math.min(bottom, loss);
      }
    }
  }
  top = top || 1;
  return { epochs: Math.round(epochs), top: 1.08 * top, bottom: Math.max(LEAST, Math.min(bottom, top / 10)), log };
}

/**
 * Loss by epoch: validation as a line, training dashed, each with its band over the networks; where overfitting begins
 * as a mark; and the curves that are kept for comparison, dotted, behind.
 */
export function drawLosses(context, width, height, { curve, kept, range, overfits, pointed, colour, colours, t, compact }) {
  const area = areaOf(width, height, compact);
  const across = (epoch) => area.left + (epoch / range.epochs) * (area.right - area.left);
  const part = range.log
    ? (loss) => share(Math.log(Math.max(loss, range.bottom) / range.bottom), Math.log(range.top / range.bottom))
    : (loss) => share(loss, range.top);
  const down = (loss) => area.bottom - part(loss) * (area.bottom - area.top);

  drawGrid(context, area, range, across, down, colours, compact);
  context.save();
  context.beginPath();
  context.rect(area.left, area.top - 4, area.right - area.left + 4, area.bottom - area.top + 5);
  context.clip();
  if (kept) drawKept(context, kept, across, down, colours);
  for (const name of ["training", "validation"]) drawBand(context, curve, name, across, down, colour);
  drawLine(context, curve.epoch, curve.training.mean, across, down, { colour, width: 1.5, dash: [5, 3] });
  drawLine(context, curve.epoch, curve.validation.mean, across, down, { colour, width: 2.25, dash: [] });
  context.restore();
  const index = pointed == null ? -1 : nearest(curve.epoch, pointed);
  if (index >= 0) {
    const [x, training, validation] = [across(curve.epoch[index]), curve.training.mean[index], curve.validation.mean[index]];
    const losses = { epoch: curve.epoch[index], training: figure(training), validation: figure(validation) };
    drawMark(context, area, x, t("stage.pointed", losses), colours, compact);
    for (const loss of [training, validation]) if (loss !== null) drawDot(context, x, down(loss), 3, colour);
  } else if (overfits != null) drawMark(context, area, across(overfits), t("stage.overfits_mark", { epoch: overfits }), colours, compact);
}

const areaOf = (width, height, compact) => ({ left: compact ? 26 : 38, right: width - 6, top: 8, bottom: height - (compact ? 18 : 22) });

/** Which epoch stands at this place of the picture, in pixels from its left. */
export function epochAt(x, width, range, compact) {
  const { left, right } = areaOf(width, 0, compact);
  return Math.max(0, ((x - left) / (right - left)) * range.epochs);
}

/** The index of the epoch nearest to a place; -1 beyond the last. */
function nearest(epochs, place) {
  if (!epochs.length || place > epochs.at(-1) + 0.02 * epochs.at(-1) + 1) return -1;
  const after = epochs.findIndex((epoch) => epoch >= place);
  if (after <= 0) return after === 0 ? 0 : epochs.length - 1;
  return place - epochs[after - 1] < epochs[after] - place ? after - 1 : after;
}

const share = (value, whole) => Math.min(1.05, Math.max(0, value / whole));

function drawGrid(context, area, range, across, down, colours, compact) {
  context.font = `${compact ? 9.5 : 11}px ${colours.font}`;
  context.lineWidth = 1;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const loss of levels(range, compact ? 3 : 4)) {
    const y = Math.round(down(loss)) + 0.5;
    context.strokeStyle = colours.line;
    context.beginPath();
    context.moveTo(area.left, y);
    context.lineTo(area.right, y);
    context.stroke();
    context.fillStyle = colours.soft;
    context.fillText(loss === 0 ? "0" : figure(loss).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, ""), area.left - 6, y);
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const epoch of ticks(range.epochs, compact ? 2 : 5)) {
    const x = across(epoch);
    context.textAlign = x > area.right - 8 ? "right" : epoch === 0 ? "left" : "center";
    context.fillText(String(epoch), Math.min(x, area.right), area.bottom + 6);
  }
}

function levels(range, most) {
  if (!range.log) return ticks(range.top, most);
  const powers = [];
  for (let power = Math.ceil(Math.log10(range.bottom)); 10 ** power <= range.top; power++) powers.push(10 ** power);
  return powers;
}

function drawBand(context, curve, part, across, down, colour) {
  const { low, high } = curve[part];
  if (curve.epoch.length < 2) return;
  context.globalAlpha = part === "validation" ? 0.2 : 0.1;
  context.fillStyle = colour;
  context.beginPath();
  curve.epoch.forEach((epoch, index) => context.lineTo(across(epoch), down(high[index] ?? Infinity)));
  for (let index = curve.epoch.length - 1; index >= 0; index--) context.lineTo(across(curve.epoch[index]), down(low[index] ?? Infinity));
  context.fill();
  context.globalAlpha = 1;
}

function drawLine(context, epochs, losses, across, down, { colour, width, dash }) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.setLineDash(dash);
  context.beginPath();
  let x = 0;
  let y = 0;
  epochs.forEach((epoch, index) => {
    if (losses[index] == null) return;
    [x, y] = [across(epoch), down(losses[index])];
    context.lineTo(x, y);
  });
  context.stroke();
  context.setLineDash([]);
  if (epochs.length === 0) return;
  drawDot(context, x, y, width + 0.75, colour);
}

function drawDot(context, x, y, radius, colour) {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function drawKept(context, kept, across, down, colours) {
  for (const [part, dash] of [["training", [1, 4]], ["validation", [2, 2]]]) {
    drawLine(context, kept.epoch, kept[part].mean, across, down, { colour: colours.kept, width: 1.5, dash });
  }
  const last = kept.validation.mean.at(-1);
  if (last == null) return;
  context.fillStyle = colours.kept;
  context.font = `600 11px ${colours.font}`;
  context.textAlign = "left";
  context.textBaseline = "bottom";
  context.fillText("A", across(kept.epoch.at(-1)) - 4, down(last) - 5);
}

function drawMark(context, area, x, text, colours, compact) {
  context.strokeStyle = colours.ink;
  context.lineWidth = 1;
  context.setLineDash([2, 3]);
  context.beginPath();
  context.moveTo(x, area.top);
  context.lineTo(x, area.bottom);
  context.stroke();
  context.setLineDash([]);
  context.font = `${compact ? 9.5 : 11}px ${colours.font}`;
  context.textBaseline = "top";
  const wide = context.measureText(text).width;
  const left = x + 6 + wide <= area.right;
  const start = left ? x + 5 : Math.max(area.left, x - 5 - wide);
  context.globalAlpha = 0.85;
  context.fillStyle = colours.card;
  context.fillRect(start - 2, area.top - 2, wide + 4, 15);
  context.globalAlpha = 1;
  context.fillStyle = colours.ink;
  context.textAlign = "left";
  context.fillText(text, start, area.top);
}
