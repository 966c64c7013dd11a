/** A dialog with what can be shared: the state's address, and the same networks in Python. */
import { copy, h, say, unique } from "../dom.js";

export class Sharing {
  constructor({ t, address, snippet }) {
    Object.assign(this, { t, address, snippet });
    const title = unique("sharing");
    this.link = h("code", { class: "address", tabindex: "0" });
    this.python = h("pre", { tabindex: "0" });
    this.said = h("p", { class: "soft", role: "status" });
    const parts = address
      ? [this.#part("address", this.link), h("p", { class: "soft", text: t("share.address_note") })]
      : [];
    this.element = h("dialog", { class: "sharing", "aria-labelledby": title },
      h("header", {}, h("h2", { id: title, text: t("share.title") }),
        h("button", { type: "button", class: "icon", text: "×", "aria-label": t("page.close"), onclick: () => this.element.close() })),
      parts, this.#part("python", this.python), this.said);
    this.element.addEventListener("click", (event) => event.target === this.element && this.element.close());
  }

  #part(name, element) {
    return h("section", {},
      h("h3", { text: this.t(`share.${name}`) }),
      h("button", { type: "button", class: "quiet", "data-copy": name, text: this.t("share.copy"), onclick: () => this.#copy(element) }), element);
  }

  async #copy(element) {
    say(this.said, this.t((await copy(element.textContent, element)) ? "share.copied" : "share.by_hand"));
  }

  get isOpen() {
    return this.element.open;
  }

  async open() {
    say(this.said, "");
    if (this.address) say(this.link, this.address.whole());
    this.element.showModal();
    say(this.python, await this.snippet());
  }
}
