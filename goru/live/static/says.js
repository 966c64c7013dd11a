/** One or two sentences about what is seen now, from the frames alone. */
import { techniques } from "./state.js";
import { percent } from "./words.js";

const WORTH = 0.05; // a smaller difference between two losses is none

/** What the techniques are called together: "batch norm and dropout". */
export function named(state, t) {
  const names = techniques(state);
  const [first, second] = names.map((name) => t(`techniques.${name}`));
  if (names.length === 3) return t("techniques.three");
  return names.length === 2 ? t("techniques.two", { first, second }) : first ?? "";
}

/** `playing`: whether training goes on; before the first epoch it may still be waited for. */
export function says(run, playing, t) {
  if (!run) return [t("says.waiting")];
  const sides = run.names.map((name) => run.side(name).last).filter(Boolean);
  const networks = run.state.training.seeds;
  if (run.epoch === 0 || sides.length < run.names.length) return [t(playing ? "says.preparing" : "says.ready", { n: networks * run.names.length })];
  return run.names.length === 2 ? ofTwo(run, t) : ofOne(sides[0], t);
}

function ofOne(side, t) {
  const { networks, learned, diverged } = side;
  const sentences = [];
  if (diverged) sentences.push(t("says.diverged", { n: diverged, all: networks }));
  else sentences.push(learned === networks ? t("says.all_learned", { n: networks }) : t("says.learned", { n: learned, all: networks }));
  if (learned && side.overfits_from != null) sentences.push(t("says.overfits", { epoch: side.overfits_from }));
  return sentences;
}

function ofTwo(run, t) {
  const [without, with_] = [run.side("without"), run.side("with")];
  const [one, two] = [without.last, with_.last];
  const values = { with: named(run.state, t), count: techniques(run.state).length, all: one.networks };
  return [aboutLearning(one, two, values, t), aboutLoss(without, with_, values, t)].filter(Boolean);
}

function aboutLearning(one, two, values, t) {
  if (one.diverged || two.diverged) return t("says.both_diverged", { ...values, one: one.diverged, two: two.diverged });
  const counts = { ...values, one: one.learned, two: two.learned };
  if (one.learned === one.networks && two.learned === two.networks) return t("says.both_all_learned", counts);
  if (one.learned === two.learned) return t("says.both_learned", counts);
  if (two.learned === two.networks) return t("says.with_all_learned", counts);
  if (one.learned === one.networks) return t("says.without_all_learned", counts);
  return t("says.some_learned", counts);
}

function aboutLoss(without, with_, values, t) {
  const [one, two] = [without.last, with_.last];
  if (!one.learned && !two.learned) return null;
  if (one.overfits_from != null && two.overfits_from == null) return t("says.without_overfits", { ...values, epoch: one.overfits_from });
  const [before, after] = [without.curve.last("validation"), with_.curve.last("validation")];
  if (!(before > 0) || !(after > 0)) return null;
  const change = after / before - 1;
  if (Math.abs(change) < WORTH) return t("says.alike", values);
  return t(change < 0 ? "says.lower" : "says.higher", { ...values, by: percent(Math.abs(change)).replace(/\.\d/, "") });
}
