/** The page of its own: words by `?lang=`, the token of the address, the state in its fragment. */
import { mount } from "./app.js";
import { overHttp } from "./transports.js";

const LANGUAGES = ["en", "ko"];
const query = new URLSearchParams(location.search);
const asked = query.get("lang") ?? navigator.language.slice(0, 2);
const language = LANGUAGES.includes(asked) ? asked : "en";
document.documentElement.lang = language;

const answer = await fetch(`/static/words.${language}.json`);
mount(document.getElementById("live"), {
  transport: overHttp(query.get("token") ?? ""),
  words: await answer.json(),
  language,
  address: {
    read: () => location.hash,
    write: (fragment) => history.replaceState(null, "", `#${fragment}`),
    onchange: (action) => addEventListener("hashchange", action),
    whole: () => location.href,
    inLanguage: (other) => {
      const changed = new URLSearchParams(location.search);
      changed.set("lang", other);
      return `${location.pathname}?${changed}${location.hash}`;
    },
  },
});
