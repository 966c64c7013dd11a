/** Make an element: attributes (those that start with "on" are listeners, `text` is its text), then children. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "text") element.textContent = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

/** Change a text only where it differs: an unchanged one costs no layout, and is not read aloud again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

let last = 0;
/** An id that is used nowhere else on the page. */
export const unique = (stem) => `goru-${stem}-${++last}`;

/** Call `action` once, `milliseconds` after the last time that it was asked for. */
export function settled(action, milliseconds) {
  let waiting = null;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(action, milliseconds);
  };
}

/** Copy a text; where the clipboard is closed to the page, select it so that it can be copied by hand. */
export async function copy(text, element) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const range = document.createRange();
    range.selectNodeContents(element);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return false;
  }
}
