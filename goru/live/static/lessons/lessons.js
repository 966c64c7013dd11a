/**
 * The textbook's promises as lessons. Each has a state that shows it, how many epochs that takes, and `outcome`, which
 * reads from the frames what happened: {answer, verdict, values}; `answer` is one of its answers, and `verdict` whether
 * the promise "holds", holds in "part", "fails" or is left "open". `before` is trained first and kept as A; `hides` is
 * what must not be seen before the reader has answered.
 */
import { spread } from "../history.js";
import { stateOf } from "../state.js";
import { figure, percent } from "../words.js";

const ALIKE = 0.05; // a smaller difference between two losses or gaps is none
const deep = (width, layers) => Array(layers).fill(width);

const activations = { "data.name": "moons", "data.rows": 300, "training.optimizer": "sgd", "training.rate": 0.1 };
const overfitting = {
  "data.name": "xor", "data.rows": 120, "network.hidden": deep(64, 3), "training.rate": 0.001,
};
const placement = { "data.name": "spirals", "data.rows": 500, "data.noise": 0.1, "network.hidden": deep(32, 3) };

/** Where a layer's activations are before training: all near one value, at both ends of tanh, or spread out. */
function place(layer) {
  const { sd, share } = spread(layer.histogram);
  if (sd < 0.1) return "one";
  return share((value) => Math.abs(value) > 0.9) > 0.5 ? "ends" : "spread";
}

/** `learns`: whether such activations should let networks learn. */
function activationsOutcome(expected, learns) {
  return ({ run }) => {
    const side = run.side("without");
    const layers = side.first.layers;
    const answer = place(layers.at(-1));
    const { learned, networks } = side.last;
    const values = { first: figure(spread(layers[0].histogram).sd), last: figure(spread(layers.at(-1).histogram).sd), learned, networks };
    const asPromised = learned > networks / 2 === learns;
    return { answer, verdict: answer !== expected ? "fails" : asPromised ? "holds" : "part", values };
  };
}

/** Compare a number of both sides: less, alike or more with the technique. */
function compared(before, after, least) {
  if (Math.abs(after - before) <= least) return "alike";
  return after < before ? "less" : "more";
}

const VERDICTS = { less: "holds", alike: "open", more: "fails" };

function gapOutcome({ run }) {
  const [one, two] = ["without", "with"].map((name) => run.side(name));
  const answer = compared(one.last.gap, two.last.gap, ALIKE * Math.abs(one.last.gap));
  const losses = [one, two].map((side) => side.curve.last("validation"));
  const values = { one: figure(one.last.gap), two: figure(two.last.gap), loss_one: figure(losses[0]), loss_two: figure(losses[1]) };
  return { answer, verdict: VERDICTS[answer], values };
}

function lossOutcome({ run }) {
  const [one, two] = ["without", "with"].map((name) => run.side(name));
  const [before, after] = [one.curve.last("validation"), two.curve.last("validation")];
  const answer = compared(before, after, ALIKE * before);
  const scores = [one, two].map((side) => percent(side.last.accuracy.validation));
  return { answer, verdict: VERDICTS[answer], values: { one: figure(before), two: figure(after), score_one: scores[0], score_two: scores[1] } };
}

export const LESSONS = [
  {
    name: "initial-small", claim: "activations", epochs: 60, hides: "activations",
    state: stateOf({ ...activations, "network.hidden": deep(32, 5), "network.activation": "tanh", "network.initial": 0.01 }),
    answers: ["spread", "one", "ends"], outcome: activationsOutcome("one", false),
  },
  {
    name: "initial-large", claim: "activations", epochs: 60, hides: "activations",
    state: stateOf({ ...activations, "network.hidden": deep(32, 5), "network.activation": "tanh", "network.initial": 2 }),
    answers: ["spread", "one", "ends"], outcome: activationsOutcome("ends", false),
  },
  {
    name: "initial-xavier", claim: "activations", epochs: 60, hides: "activations",
    state: stateOf({ ...activations, "network.hidden": deep(32, 5), "network.activation": "tanh", "network.initial": "xavier" }),
    answers: ["spread", "one", "ends"], outcome: activationsOutcome("spread", true),
  },
  {
    name: "initial-he", claim: "activations", epochs: 60, hides: "activations",
    before: { epochs: 0, state: stateOf({ ...activations, "network.hidden": deep(32, 6), "network.initial": "xavier" }) },
    state: stateOf({ ...activations, "network.hidden": deep(32, 6), "network.initial": "he" }),
    answers: ["fades", "keeps", "grows"],
    outcome({ run, kept }) {
      const ratio = (layers) => spread(layers.at(-1).histogram).rms / spread(layers[0].histogram).rms;
      const share = ratio(run.side("without").first.layers);
      const answer = share < 0.5 ? "fades" : share > 2 ? "grows" : "keeps";
      const xavier = ratio(kept.sides.without.first.layers);
      return { answer, verdict: answer === "keeps" && xavier < share ? "holds" : "fails", values: { share: figure(share), xavier: figure(xavier) } };
    },
  },
  {
    name: "bn-speed", claim: "bn-speed", epochs: 100,
    state: stateOf({
      "data.name": "spirals", "data.noise": 0.1, "data.rows": 500, "network.hidden": deep(32, 3), "network.norm": "before",
      "training.optimizer": "sgd", "training.rate": 0.1,
    }),
    answers: ["less", "alike", "more"],
    outcome({ run }) {
      const curves = ["without", "with"].map((name) => run.side(name).curve);
      const level = Math.log(2) / 2;
      const [one, two] = curves.map((curve) => curve.reached("training", level) ?? Infinity);
      const answer = one === two ? "alike" : compared(one, two, 0.1 * Math.min(one, two));
      return { answer, verdict: VERDICTS[answer], values: { one: ofEpoch(one, run), two: ofEpoch(two, run), level: figure(level) } };
    },
  },
  {
    name: "bn-init", claim: "bn-init", epochs: 100,
    state: stateOf({
      "network.hidden": deep(16, 5), "network.initial": 0.05, "network.norm": "before", "training.optimizer": "sgd", "training.rate": 0.1,
    }),
    answers: ["with", "both", "neither"],
    outcome({ run }) {
      const [one, two] = ["without", "with"].map((name) => run.side(name).last);
      const half = one.networks / 2;
      const answer = two.learned < half ? "neither" : one.learned >= half ? "both" : "with";
      const verdict = { with: "holds", both: "open", neither: "fails" }[answer];
      return { answer, verdict, values: { one: one.learned, two: two.learned, all: one.networks } };
    },
  },
  {
    name: "bn-overfit", claim: "bn-overfit", epochs: 120,
    state: stateOf({ ...overfitting, "network.norm": "before" }), answers: ["less", "alike", "more"], outcome: gapOutcome,
  },
  {
    name: "bn-placement", claim: "bn-placement", epochs: 60,
    before: { epochs: 60, state: stateOf({ ...placement, "network.norm": "before" }) },
    state: stateOf({ ...placement, "network.norm": "after" }),
    answers: ["less", "alike", "more"],
    outcome({ run, kept }) {
      const [before, after] = [kept.sides.with, run.side("with")].map(({ curve }) => curve.lowest("validation"));
      const answer = compared(before, after, ALIKE * before);
      return { answer, verdict: VERDICTS[answer], values: { one: figure(before), two: figure(after) } };
    },
  },
  {
    name: "overfitting", claim: "overfitting", epochs: 120, state: stateOf(overfitting), answers: ["falls", "turns", "stays"],
    outcome({ run }) {
      const { curve, last } = run.side("without");
      const [lowest, end] = [curve.lowest("validation"), curve.last("validation")];
      const answer = lowest > 0.95 * curve.validation.mean[0] ? "stays" : end > 1.02 * lowest ? "turns" : "falls";
      const values = { lowest: figure(lowest), end: figure(end), training: figure(curve.last("training")), epoch: last.overfits_from ?? "–" };
      return { answer, verdict: answer === "turns" ? "holds" : "fails", values };
    },
  },
  {
    name: "weight-decay", claim: "weight-decay", epochs: 120,
    state: stateOf({ ...overfitting, "network.decay": 0.01 }), answers: ["less", "alike", "more"], outcome: gapOutcome,
  },
  {
    name: "dropout", claim: "dropout", epochs: 120,
    state: stateOf({ ...overfitting, "network.dropout": 0.3 }), answers: ["less", "alike", "more"], outcome: gapOutcome,
  },
  {
    name: "useless", claim: "dropout-ensemble", epochs: 120,
    state: stateOf({ ...overfitting, "data.name": "moons", "data.rows": 200, "data.noise": 0.1, "data.useless": 10, "network.dropout": 0.3 }),
    answers: ["less", "alike", "more"], outcome: lossOutcome,
  },
];

const ofEpoch = (epoch, run) => (Number.isFinite(epoch) ? String(epoch) : `> ${run.epoch}`);
