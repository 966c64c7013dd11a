/**
 * The textbook's promises as lessons. Each has a state that shows it, how many epochs that takes, and `outcome`, which
 * reads from the frames what happened: {answer, holds, values}; `answer` is one of its answers, and `holds` whether the
 * promise held here (null: neither). `before` is trained first and kept as A.
 */
import { spread } from "../history.js";
import { stateOf } from "../state.js";
import { figure, percent } from "../words.js";

const ALIKE = 0.05; // a smaller difference between two losses or gaps is none
const deep = (width, layers) => Array(layers).fill(width);

const activations = { "data.name": "moons", "data.rows": 300, "training.optimizer": "sgd", "training.rate": 0.1 };
const overfitting = {
  "data.name": "circles", "data.rows": 80, "data.noise": 0.4, "network.hidden": deep(64, 3), "training.rate": 0.003,
};

/** Where a layer's activations are before training: all near one value, at both ends of tanh, or spread out. */
function place(layer) {
  const { sd, share } = spread(layer.histogram);
  if (sd < 0.1) return "one";
  return share((value) => Math.abs(value) > 0.9) > 0.5 ? "ends" : "spread";
}

function activationsOutcome(expected) {
  return ({ run }) => {
    const side = run.side("without");
    const layers = side.first.layers;
    const answer = place(layers.at(-1));
    const { learned, networks } = side.last;
    const values = { first: figure(spread(layers[0].histogram).sd), last: figure(spread(layers.at(-1).histogram).sd), learned, networks };
    return { answer, holds: answer === expected, values };
  };
}

/** Compare a number of both sides: less, alike or more with the technique. */
function compared(before, after, least) {
  if (Math.abs(after - before) <= least) return "alike";
  return after < before ? "less" : "more";
}

const holdsIfLess = (answer) => (answer === "less" ? true : answer === "more" ? false : null);

function gapOutcome({ run }) {
  const [one, two] = ["without", "with"].map((name) => run.side(name));
  const answer = compared(one.last.gap, two.last.gap, ALIKE * Math.abs(one.last.gap));
  const losses = [one, two].map((side) => side.curve.last("validation"));
  const values = { one: figure(one.last.gap), two: figure(two.last.gap), loss_one: figure(losses[0]), loss_two: figure(losses[1]) };
  return { answer, holds: holdsIfLess(answer), values };
}

function lossOutcome({ run }) {
  const [one, two] = ["without", "with"].map((name) => run.side(name));
  const [before, after] = [one.curve.last("validation"), two.curve.last("validation")];
  const answer = compared(before, after, ALIKE * before);
  const scores = [one, two].map((side) => percent(side.last.accuracy.validation));
  return { answer, holds: holdsIfLess(answer), values: { one: figure(before), two: figure(after), score_one: scores[0], score_two: scores[1] } };
}

export const LESSONS = [
  {
    name: "initial-small", claim: "activations", epochs: 60,
    state: stateOf({ ...activations, "network.hidden": deep(32, 5), "network.activation": "tanh", "network.initial": 0.01 }),
    answers: ["spread", "one", "ends"], outcome: activationsOutcome("one"),
  },
  {
    name: "initial-large", claim: "activations", epochs: 60,
    state: stateOf({ ...activations, "network.hidden": deep(32, 5), "network.activation": "tanh", "network.initial": 1 }),
    answers: ["spread", "one", "ends"], outcome: activationsOutcome("ends"),
  },
  {
    name: "initial-xavier", claim: "activations", epochs: 60,
    state: stateOf({ ...activations, "network.hidden": deep(32, 5), "network.activation": "tanh", "network.initial": "xavier" }),
    answers: ["spread", "one", "ends"], outcome: activationsOutcome("spread"),
  },
  {
    name: "initial-he", claim: "activations", epochs: 60,
    before: { epochs: 5, state: stateOf({ ...activations, "network.hidden": deep(32, 6), "network.initial": "xavier" }) },
    state: stateOf({ ...activations, "network.hidden": deep(32, 6), "network.initial": "he" }),
    answers: ["fades", "keeps", "grows"],
    outcome({ run, kept }) {
      const ratio = (layers) => spread(layers.at(-1).histogram).rms / spread(layers[0].histogram).rms;
      const share = ratio(run.side("without").first.layers);
      const answer = share < 0.5 ? "fades" : share > 2 ? "grows" : "keeps";
      const xavier = ratio(kept.sides.without.first.layers);
      return { answer, holds: answer === "keeps" && xavier < share, values: { share: figure(share), xavier: figure(xavier) } };
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
      return { answer, holds: holdsIfLess(answer), values: { one: ofEpoch(one, run), two: ofEpoch(two, run), level: figure(level) } };
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
      return { answer, holds: answer === "with" ? true : answer === "neither" ? false : null, values: { one: one.learned, two: two.learned, all: one.networks } };
    },
  },
  {
    name: "bn-overfit", claim: "bn-overfit", epochs: 150,
    state: stateOf({ ...overfitting, "network.norm": "before" }), answers: ["less", "alike", "more"], outcome: gapOutcome,
  },
  {
    name: "bn-placement", claim: "bn-placement", epochs: 80,
    before: { epochs: 80, state: stateOf({ "data.name": "spirals", "data.noise": 0.2, "network.hidden": deep(32, 3), "network.norm": "before" }) },
    state: stateOf({ "data.name": "spirals", "data.noise": 0.2, "network.hidden": deep(32, 3), "network.norm": "after" }),
    answers: ["less", "alike", "more"],
    outcome({ run, kept }) {
      const [before, after] = [kept.sides.with, run.side("with")].map(({ curve }) => curve.lowest("validation"));
      const answer = compared(before, after, ALIKE * before);
      return { answer, holds: holdsIfLess(answer), values: { one: figure(before), two: figure(after) } };
    },
  },
  {
    name: "overfitting", claim: "overfitting", epochs: 150, state: stateOf(overfitting), answers: ["falls", "turns", "stays"],
    outcome({ run }) {
      const { curve, last } = run.side("without");
      const [lowest, end] = [curve.lowest("validation"), curve.last("validation")];
      const answer = lowest > 0.95 * curve.validation.mean[0] ? "stays" : end > 1.02 * lowest ? "turns" : "falls";
      const values = { lowest: figure(lowest), end: figure(end), training: figure(curve.last("training")), epoch: last.overfits_from ?? "–" };
      return { answer, holds: answer === "turns", values };
    },
  },
  {
    name: "weight-decay", claim: "weight-decay", epochs: 150,
    state: stateOf({ ...overfitting, "network.decay": 0.01 }), answers: ["less", "alike", "more"], outcome: gapOutcome,
  },
  {
    name: "dropout", claim: "dropout", epochs: 150,
    state: stateOf({ ...overfitting, "network.dropout": 0.3 }), answers: ["less", "alike", "more"], outcome: gapOutcome,
  },
  {
    name: "useless", claim: "dropout-ensemble", epochs: 150,
    state: stateOf({ ...overfitting, "data.rows": 150, "data.noise": 0.2, "data.useless": 15, "network.dropout": 0.3 }),
    answers: ["less", "alike", "more"], outcome: lossOutcome,
  },
];

const ofEpoch = (epoch, run) => (Number.isFinite(epoch) ? String(epoch) : `> ${run.epoch}`);
