/**
 * Texts of one language: `t(key, values)`, a key being "says.ready".
 *
 * In a text, {name} is a value, {n|row|# rows} a word that depends on whether the value is 1 (# is the
 * value), and {name:을/를} a value
 * with the Korean particle that its last sound asks for.
 */
export function texts(words, language) {
  const t = (key, values = {}) => {
    const text = key.split(".").reduce((part, name) => part?.[name], words);
    if (typeof text !== "string") throw new Error(`no text for ${key}`);
    return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*)|:([^/}]+)\/([^}]+))?\}/g, (_, name, one, many, closed, open) => {
      const value = values[name];
      if (one !== undefined) return (value === 1 ? one : many).replace("#", value);
      return closed === undefined ? value : value + (endsClosed(String(value)) ? closed : open);
    });
  };
  t.language = language;
  t.has = (key) => typeof key.split(".").reduce((part, name) => part?.[name], words) === "string";
  return t;
}

/** Whether a word's last sound is a consonant, as Korean reads it. */
function endsClosed(word) {
  const last = word.replace(/[^\p{L}\p{N}]+$/u, "").slice(-1);
  const code = last.charCodeAt(0);
  if (code >= 0xac00 && code <= 0xd7a3) return (code - 0xac00) % 28 > 0;
  return /[013678lmnrLMNR]/.test(last);
}

/** A number in three figures, without noise: 0.0123, 1.23, 123, 1.2e-7. */
export function figure(value) {
  if (value == null || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  let text;
  if (size !== 0 && (size < 0.001 || size >= 1e5)) text = value.toExponential(1);
  else if (size >= 100) text = value.toFixed(0);
  else if (size >= 10) text = value.toFixed(1);
  else text = size >= 1 || size === 0 ? value.toFixed(2) : value.toFixed(3);
  return text.replaceAll("-", "−");
}

/** A share as per cent with one decimal. */
export const percent = (share) => (share == null ? "–" : `${(100 * share).toFixed(1)} %`);

/** A setting as it is written: without zeros at its end. */
export function plain(value) {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential().replace("e-", "e−") : String(value);
}
