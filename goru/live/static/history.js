/** The losses of a run so far, side by side; and the last of everything else that its frames brought. */

const MOST = 2000; // points of a curve; beyond it every second one is left out, from then on too
const PARTS = ["training", "validation"];

export class Curve {
  constructor() {
    this.stride = 1;
    this.epoch = [];
    this.newest = {};
    for (const part of PARTS) this[part] = { mean: [], low: [], high: [] };
  }

  add(losses) {
    for (const part of PARTS) this.newest[part] = losses[part].mean.at(-1) ?? null;
    losses.epoch.forEach((epoch, index) => {
      if (epoch % this.stride || epoch <= (this.epoch.at(-1) ?? -1)) return;
      this.epoch.push(epoch);
      for (const part of PARTS) for (const line of ["mean", "low", "high"]) this[part][line].push(losses[part][line][index]);
    });
    while (this.epoch.length > MOST) this.#thin();
  }

  #thin() {
    this.stride *= 2;
    const kept = this.epoch.map((epoch) => epoch % this.stride === 0);
    const keep = (values) => values.filter((_, index) => kept[index]);
    for (const part of PARTS) for (const line of ["mean", "low", "high"]) this[part][line] = keep(this[part][line]);
    this.epoch = keep(this.epoch);
  }

  /** The first epoch whose mean loss is at most `level`, or null. */
  reached(part, level) {
    const index = this[part].mean.findIndex((loss) => loss !== null && loss <= level);
    return index < 0 ? null : this.epoch[index];
  }

  /** The newest mean loss, whether its epoch is kept or not. */
  last(part) {
    return this.newest[part] ?? null;
  }

  /** The lowest mean loss; null before the first epoch. */
  lowest(part) {
    const finite = this[part].mean.filter(Number.isFinite);
    return finite.length ? Math.min(...finite) : null;
  }
}

export class Run {
  constructor(started) {
    Object.assign(this, { number: started.run, state: started.state, started, epoch: 0, compiled: false, rate: null });
    this.names = started.sides;
    this.sides = Object.fromEntries(started.sides.map((name) => [name, { curve: new Curve(), last: null, first: null }]));
  }

  /** Take a frame in; false if it is another run's. */
  take(frame) {
    if (frame.run !== this.number) return false;
    Object.assign(this, { epoch: frame.epoch, compiled: frame.compiled, rate: frame.epochs_per_second });
    for (const [name, side] of Object.entries(frame.sides ?? {})) {
      const known = this.sides[name];
      if (!known) continue;
      if (side.losses) known.curve.add(side.losses);
      known.last = { ...known.last, ...Object.fromEntries(Object.entries(side).filter(([, value]) => value !== undefined)) };
      if (known.first === null && known.last.layers) known.first = { epoch: frame.epoch, layers: known.last.layers };
    }
    return true;
  }

  side(name) {
    return this.sides[name] ?? null;
  }
}

/** Mean, standard deviation and share near the ends of what a histogram counts. */
export function spread(histogram) {
  const { low, high, counts } = histogram;
  const total = counts.reduce((sum, count) => sum + count, 0) || 1;
  const width = (high - low) / counts.length;
  const middles = counts.map((_, index) => low + (index + 0.5) * width);
  const mean = counts.reduce((sum, count, index) => sum + count * middles[index], 0) / total;
  const variance = counts.reduce((sum, count, index) => sum + count * (middles[index] - mean) ** 2, 0) / total;
  const meanSquare = counts.reduce((sum, count, index) => sum + count * middles[index] ** 2, 0) / total;
  const share = (wanted) => counts.reduce((sum, count, index) => sum + (wanted(middles[index]) ? count : 0), 0) / total;
  return { mean, sd: Math.sqrt(variance), rms: Math.sqrt(meanSquare), share };
}
