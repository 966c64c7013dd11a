/** Small pictures to choose by: data of some shape, and the curve of an activation. */

/** The same numbers each time, between 0 and 1 (mulberry32). */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const PLACES = {
  circles: (share, label) => polar(label ? 0.36 : 0.85, share * 2 * Math.PI),
  moons: (share, label) => {
    const turn = share * Math.PI;
    return label ? [0.3 - Math.cos(turn) * 0.58, 0.2 - Math.sin(turn) * 0.62] : [Math.cos(turn) * 0.58 - 0.3, Math.sin(turn) * 0.62 - 0.2];
  },
  spirals: (share, label) => polar(0.1 + 0.8 * share, share * 1.35 * 2 * Math.PI + (label ? Math.PI : 0)),
  xor: (share, label, next) => {
    const [x, y] = [0.12 + 0.76 * next(), 0.12 + 0.76 * next()];
    const flip = share < 0.5 ? 1 : -1;
    return label ? [x * flip, y * flip] : [x * flip, -y * flip];
  },
  stripes: (share, label, next) => {
    const [across, along] = [-0.8 + 0.32 * (2 * Math.floor(share * 3) + (label ? 1 : 0)), 1.5 * next() - 0.75];
    return [0.87 * across - 0.5 * along, 0.5 * across + 0.87 * along];
  },
};

const polar = (radius, turn) => [radius * Math.cos(turn), radius * Math.sin(turn)];

export function drawShape(context, width, height, name, colours) {
  const next = random(7);
  const each = 26;
  for (let index = 0; index < 2 * each; index++) {
    const label = index % 2;
    const [x, y] = PLACES[name](Math.floor(index / 2) / each, label, next);
    context.fillStyle = colours.classes[label];
    context.beginPath();
    context.arc(width / 2 + x * (width / 2 - 5), height / 2 - y * (height / 2 - 5), 1.7, 0, 2 * Math.PI);
    context.fill();
  }
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const CURVES = {
  relu: (x) => Math.max(0, x),
  sigmoid,
  tanh: Math.tanh,
  gelu: (x) => 0.5 * x * (1 + Math.tanh(0.7979 * (x + 0.0447 * x ** 3))),
  silu: (x) => x * sigmoid(x),
  mish: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  selu: (x) => 1.0507 * (x > 0 ? x : 1.6733 * Math.expm1(x)),
};

export function drawActivation(context, width, height, name, colours) {
  const [reach, top] = name === "sigmoid" || name === "tanh" ? [5, 1.5] : [3, 2.4];
  const across = (x) => width / 2 + (x / reach) * (width / 2 - 3);
  const down = (y) => height * 0.55 - (y / top) * (height / 2 - 3);
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(2, down(0));
  context.lineTo(width - 2, down(0));
  context.moveTo(width / 2, 2);
  context.lineTo(width / 2, height - 2);
  context.stroke();
  context.save();
  context.beginPath();
  context.rect(0, 1, width, height - 2);
  context.clip();
  context.strokeStyle = colours.ink;
  context.lineWidth = 1.75;
  context.lineJoin = "round";
  context.beginPath();
  for (let x = -reach; x <= reach; x += reach / 40) context.lineTo(across(x), down(CURVES[name](x)));
  context.stroke();
  context.restore();
}
