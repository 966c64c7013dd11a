/** What is trained: the default, its form as a part of an address, and what it is called. */

export const SHAPES = ["circles", "moons", "spirals", "xor", "stripes"];
export const ACTIVATIONS = ["relu", "sigmoid", "tanh", "gelu", "silu", "mish", "selu"];
export const OPTIMIZERS = ["sgd", "momentum", "adam"];
export const NORMS = ["none", "before", "after"];
export const DECAY_FORMS = ["half_squared", "norm", "decoupled"];

export const DEFAULT = {
  data: { kind: "shape", name: "circles", rows: 300, noise: 0.2, useless: 0, seed: 0 },
  network: {
    hidden: [16, 16], activation: "relu", initial: "he", norm: "none", dropout: 0, decay: 0, decay_form: "half_squared",
  },
  training: { rate: 0.01, batch: 32, optimizer: "adam", seeds: 16 },
};

const number = { write: String, read: (text) => (text.trim() === "" ? NaN : Number(text)) };
const text = { write: String, read: String };
const widths = {
  write: (hidden) => hidden.join("-"),
  read: (written) => (written === "" ? [] : written.split("-").map((width) => (width === "" ? NaN : Number(width)))),
};
const initial = { write: String, read: (written) => (["he", "xavier"].includes(written) ? written : number.read(written)) };

// Name in an address, where in the state, and how it is written.
const FIELDS = [
  ["rows", "data.rows", number], ["noise", "data.noise", number], ["useless", "data.useless", number],
  ["data_seed", "data.seed", number], ["hidden", "network.hidden", widths], ["activation", "network.activation", text],
  ["initial", "network.initial", initial], ["norm", "network.norm", text], ["dropout", "network.dropout", number],
  ["decay", "network.decay", number], ["decay_form", "network.decay_form", text], ["rate", "training.rate", number],
  ["batch", "training.batch", number], ["optimizer", "training.optimizer", text], ["seeds", "training.seeds", number],
];

export const clone = (value) => JSON.parse(JSON.stringify(value));
export const at = (state, path) => path.split(".").reduce((part, name) => part?.[name], state);
export const same = (one, other) => written(one) === written(other);

/** The state with one value changed. */
export function changed(state, path, value) {
  const copy = clone(state);
  const names = path.split(".");
  const last = names.pop();
  names.reduce((part, name) => part[name], copy)[last] = value;
  return copy;
}

/** A state with changes in several places: {"network.norm": "before", ...}. */
export const stateOf = (changes) =>
  Object.entries(changes).reduce((state, [path, value]) => changed(state, path, value), clone(DEFAULT));

/** A state as the fragment of an address, everything in it. */
export function written(state) {
  const query = new URLSearchParams();
  query.set("data", state.data.kind === "table" ? "table" : state.data.name);
  for (const [name, path, form] of FIELDS) {
    const value = at(state, path);
    if (value !== undefined) query.set(name, form.write(value));
  }
  return query.toString();
}

/** The state that a fragment stands for; null if it names no data. What it leaves out is the default's. */
export function read(fragment) {
  const query = new URLSearchParams(fragment.replace(/^#/, ""));
  const data = query.get("data");
  if (data === null) return null;
  let state = clone(DEFAULT);
  state.data = data === "table" ? { kind: "table" } : { ...state.data, name: data };
  for (const [name, path, form] of FIELDS) {
    if (query.has(name) && (data !== "table" || !path.startsWith("data."))) {
      state = changed(state, path, form.read(query.get(name)));
    }
  }
  return state;
}

/** The techniques that are switched on: "norm", "dropout", "decay". */
export function techniques(state) {
  const { norm, dropout, decay } = state.network;
  return [norm !== "none" && "norm", dropout > 0 && "dropout", decay > 0 && "decay"].filter(Boolean);
}
