/** The bar above: play, pause, step, reset, speed, A, sharing and the language. */
import { h, say } from "../dom.js";
import { slider } from "../parts.js";

const SPEEDS = [1, 2, 5, 10, 15, 20, 30, 45, 60];
const PATHS = {
  play: "M7 4.5v15l12-7.5z",
  pause: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z",
  step: "M5 5v14l9-7zM15.5 5h3v14h-3z",
  reset: "M12 5V1.8L6.8 6 12 10.2V7a5.2 5.2 0 1 1-5.2 5.2H4.6A7.4 7.4 0 1 0 12 5z",
};

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  picture.append(path);
  return picture;
}

export class Bar {
  constructor({ t, send, toggle, keep, share, address }) {
    this.t = t;
    const round = (name, action, kind = "icon") =>
      h("button", {
        type: "button", class: kind, "data-do": name, "aria-label": t(`page.${name}`), title: t(`page.${name}_hint`), onclick: action,
      }, icon(name));
    this.play = round("play", toggle, "icon play");
    this.epoch = h("span", { class: "epoch-number", text: "0" });
    this.speed = slider({
      label: t("page.speed"), stops: SPEEDS, write: (n) => t("page.speed_value", { n }),
      onchange: (epochs) => send({ action: "speed", epochs_per_second: epochs }),
    });
    this.speed.element.classList.add("speed");
    this.rate = h("span", { class: "rate" });
    const other = t.language === "en" ? "ko" : "en";
    this.language = address
      ? h("a", { class: "language", lang: other, href: "?", text: t("page.other_language") })
      : null;
    // The address changes with every setting: the link's is made when it is followed.
    this.language?.addEventListener("click", (event) => {
      event.preventDefault();
      location.assign(address.inLanguage(other));
    });
    this.element = h("header", { class: "bar" },
      h(address ? "h1" : "p", { class: "name" }, h("b", { text: "goru" }), " live"),
      h("div", { class: "transport", role: "group", "aria-label": t("page.transport") },
        round("reset", () => send({ action: "reset" })), this.play, round("step", () => send({ action: "step" })),
        h("p", { class: "epoch" }, this.epoch, h("span", { text: t("page.epoch") })),
        this.speed.element),
      h("div", { class: "tools" },
        h("button", { type: "button", class: "quiet", "data-do": "keep", text: t("kept.keep"), title: t("kept.keep_hint"), onclick: keep }),
        h("button", { type: "button", class: "quiet", "data-do": "share", text: t("page.share"), title: t("page.share_hint"), onclick: share }),
        this.language));
  }

  show(run) {
    say(this.epoch, run.epoch.toLocaleString(this.t.language));
  }

  showPlaying(playing) {
    if (this.playing === playing) return;
    this.playing = playing;
    const name = playing ? "pause" : "play";
    this.play.replaceChildren(icon(name));
    this.play.setAttribute("aria-label", this.t(`page.${name}`));
    this.play.dataset.do = name;
  }

  showSpeed(epochs) {
    this.speed.show(epochs);
  }
}
