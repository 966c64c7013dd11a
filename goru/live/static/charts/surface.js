/** Which class the networks see where, with the rows as points. */

const decoded = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
const SHAPES = [circle, diamond, triangle, square];

/** A surface's image and numbers, made once a frame: `view` is "mean", "spread" or "one". */
export class Surface {
  constructor() {
    this.image = document.createElement("canvas");
    this.size = 0;
  }

  set(surface, view, colours) {
    this.values = decoded(surface[view] ?? surface.mean);
    const classes = view === "mean" && surface.class ? decoded(surface.class) : null;
    this.two = !surface.class && view !== "spread";
    this.size = surface.size;
    Object.assign(this.image, { width: this.size, height: this.size });
    const context = this.image.getContext("2d");
    const pixels = context.createImageData(this.size, this.size);
    const [negative, positive] = colours.classes;
    const ramps = classes && colours.classes.map((colour) => colours.ramp(colours.middle, colour));
    const ramp = view === "spread" ? colours.ramp(colours.card, colours.spread) : colours.ramp(negative, colours.middle, positive);
    this.values.forEach((value, index) => {
      const source = ramps ? ramps[classes[index] % ramps.length] : ramp;
      pixels.data.set([source[3 * value], source[3 * value + 1], source[3 * value + 2], 255], 4 * index);
    });
    context.putImageData(pixels, 0, 0);
  }
}

/** Draw a surface (or none), the line on which both classes are as likely, the points, and what the axes are called. */
export function drawSurface(context, width, height, { surface, kept, points, classes, named, extent, colours }) {
  context.save();
  context.beginPath();
  context.roundRect(0, 0, width, height, 8);
  context.clip();
  if (surface) {
    context.globalAlpha = 0.8;
    context.imageSmoothingQuality = "high";
    context.drawImage(surface.image, 0, 0, width, height);
    context.globalAlpha = 1;
    if (surface.two) drawBoundary(context, width, height, surface, colours.ink, [], 1.25);
  }
  if (kept) drawBoundary(context, width, height, kept, colours.ink, [2, 3], 1.5);
  drawPoints(context, width, height, { points, classes, extent, colours });
  if (named) drawNames(context, width, height, named, colours);
  context.restore();
}

/** The line at one half, by marching squares. */
function drawBoundary(context, width, height, { values, size }, colour, dash, thick) {
  const place = (index, whole) => ((index + 0.5) / size) * whole;
  const value = (row, column) => values[row * size + column] - 127.5;
  context.beginPath();
  for (let row = 0; row + 1 < size; row++) {
    for (let column = 0; column + 1 < size; column++) {
      const corners = [[row, column], [row, column + 1], [row + 1, column + 1], [row + 1, column]];
      const crossed = [];
      corners.forEach(([r, c], index) => {
        const [nextRow, nextColumn] = corners[(index + 1) % 4];
        const [here, there] = [value(r, c), value(nextRow, nextColumn)];
        if (here > 0 === there > 0) return;
        const way = here / (here - there);
        crossed.push([place(c + way * (nextColumn - c), width), place(r + way * (nextRow - r), height)]);
      });
      for (let index = 0; index + 1 < crossed.length; index += 2) {
        context.moveTo(...crossed[index]);
        context.lineTo(...crossed[index + 1]);
      }
    }
  }
  context.strokeStyle = colour;
  context.lineWidth = thick;
  context.setLineDash(dash);
  context.stroke();
  context.setLineDash([]);
}

/** Training rows are filled, validation rows hollow; a class has a colour and a shape, a number a colour. */
function drawPoints(context, width, height, { points, classes, extent: [x0, x1, y0, y1], colours }) {
  const [low, high] = [Math.min(...points.label), Math.max(...points.label)];
  const radius = Math.max(1.6, Math.min(3.4, (width / 240) * (points.x.length > 400 ? 2 : 3)));
  for (const hollow of [true, false]) {
    points.x.forEach((x, index) => {
      if (points.validation[index] !== hollow) return;
      const [across, down] = [((x - x0) / (x1 - x0)) * width, (1 - (points.y[index] - y0) / (y1 - y0)) * height];
      const label = points.label[index];
      const colour = classes ? colours.classes[label % colours.classes.length] : scaled(colours, (label - low) / (high - low || 1));
      context.beginPath();
      SHAPES[classes ? label % SHAPES.length : 0](context, across, down, radius);
      context.lineWidth = hollow ? 1.4 : 0.9;
      context.strokeStyle = hollow ? colour : colours.card;
      context.fillStyle = hollow ? colours.card : colour;
      context.globalAlpha = hollow ? 0.95 : 1;
      context.fill();
      context.stroke();
    });
  }
  context.globalAlpha = 1;
}

function drawNames(context, width, height, [across, down], colours) {
  context.fillStyle = colours.soft;
  context.font = `10.5px ${colours.font}`;
  context.textAlign = "right";
  context.textBaseline = "bottom";
  context.fillText(`${across} →`, width - 7, height - 5);
  context.textAlign = "left";
  context.textBaseline = "top";
  context.fillText(`↑ ${down}`, 7, 6);
}

/** The colour of a number between 0 and 1, where numbers are predicted and no classes. */
function scaled(colours, share) {
  const ramp = colours.ramp(colours.classes[0], colours.middle, colours.classes[1]);
  const level = 3 * Math.round(255 * Math.min(1, Math.max(0, share)));
  return `rgb(${ramp[level]}, ${ramp[level + 1]}, ${ramp[level + 2]})`;
}

function circle(context, x, y, radius) {
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

function diamond(context, x, y, radius) {
  const reach = 1.3 * radius;
  polygon(context, [[x, y - reach], [x + reach, y], [x, y + reach], [x - reach, y]]);
}

function triangle(context, x, y, radius) {
  polygon(context, [[x, y - 1.3 * radius], [x + 1.2 * radius, y + radius], [x - 1.2 * radius, y + radius]]);
}

function square(context, x, y, radius) {
  context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
}

function polygon(context, corners) {
  for (const corner of corners) context.lineTo(...corner);
  context.closePath();
}
