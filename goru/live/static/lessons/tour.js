/** The lessons as a guided tour: set up, predict, play, and what came out. */
import { h, unique } from "../dom.js";
import { same } from "../state.js";
import { LESSONS } from "./lessons.js";

export class Tour {
  /** `act` is what a lesson may do: set(state), play(), pause(), speed(n), keep(), forget(), kept(), address(), hide(part),
   * see(). */
  constructor({ t, act }) {
    Object.assign(this, { t, act, index: null, phase: "intro", guess: null, run: null, came: null });
    this.element = h("section", { class: "tour", "aria-label": t("page.lessons") });
    this.render();
  }

  get lesson() {
    return this.index === null ? null : LESSONS[this.index];
  }

  /** Open a lesson by its name; an unknown name opens none. */
  openNamed(name) {
    const index = LESSONS.findIndex((lesson) => lesson.name === name);
    if (index >= 0) this.open(index);
  }

  open(index) {
    this.act.hide(null);
    Object.assign(this, { index, phase: "intro", guess: null, came: null });
    this.render();
    this.act.address();
    this.element.querySelector("h2")?.focus();
  }

  close() {
    this.act.hide(null);
    this.index = null;
    this.render();
    this.act.address();
  }

  async setUp() {
    const { lesson } = this;
    Object.assign(this, { guess: null, came: null });
    this.#go(lesson.before ? "before" : "preparing");
    await this.act.pause();
    await this.act.speed(30);
    this.act.forget();
    await this.act.set((lesson.before ?? lesson).state);
    if (lesson.before?.epochs) await this.act.play();
  }

  /** A run has begun: it may be what the lesson waits for, or something else that the reader wants to try. */
  begin(run) {
    this.run = run;
    const { lesson, phase } = this;
    if (!lesson) return;
    if (phase === "before" && same(run.state, lesson.before.state)) return;
    if (["preparing", "before"].includes(phase) && same(run.state, lesson.state)) this.#go("predict");
    else if (phase === "watch" && same(run.state, lesson.state)) return; // the reader began it again
    else if (phase !== "intro" && phase !== "outcome" && !same(run.state, lesson.state)) this.#go("intro");
  }

  async frame() {
    const { lesson, phase, run } = this;
    if (!lesson || !run) return;
    if (phase === "before" && same(run.state, lesson.before.state) && run.epoch >= lesson.before.epochs) {
      this.#go("preparing");
      this.act.keep();
      await this.act.pause();
      await this.act.set(lesson.state);
    } else if (phase === "watch" && run.epoch >= lesson.epochs) {
      this.came = lesson.outcome({ run, kept: this.act.kept() });
      this.#go("outcome");
      this.element.querySelector(".outcome").scrollIntoView({ block: "nearest" });
      await this.act.pause();
    }
  }

  async #watch() {
    this.#go("watch");
    this.act.see();
    await this.act.play();
    // With motion switched off or a lesson begun anew the last frame may have come already.
    await this.frame();
  }

  #go(phase) {
    this.phase = phase;
    // What a lesson asks about must not be seen before the reader has answered.
    this.act.hide(["before", "preparing", "predict"].includes(phase) ? this.lesson?.hides : null);
    this.render();
  }

  render() {
    const { element, t, lesson } = this;
    element.dataset.phase = lesson ? this.phase : "closed";
    const held = element.contains(document.activeElement) ? document.activeElement.dataset.keeps : null;
    element.replaceChildren(...(lesson ? this.#lesson() : [this.#invitation()]));
    if (held) (element.querySelector(`[data-keeps="${held}"]`) ?? element.querySelector("h2"))?.focus();
  }

  #invitation() {
    const { t } = this;
    return h("button", { type: "button", class: "begin", onclick: () => this.open(0) },
      h("b", { text: t("tour.invite", { n: LESSONS.length }) }), h("span", { text: t("tour.invite_more") }));
  }

  #lesson() {
    const { t, lesson, phase } = this;
    const words = (key, values) => t(`lessons.${lesson.name}.${key}`, values);
    return [
      this.#head(),
      h("h2", { tabindex: "-1", text: words("title") }),
      h("p", { class: "promise", text: words("promise") }),
      h("p", {}, h("b", { text: `${t("tour.look")} ` }), words("look")),
      this.#now(phase, words),
      this.#foot(words),
    ];
  }

  #head() {
    const { t, index } = this;
    const select = h("select", { "aria-label": t("page.lessons"), "data-keeps": "select", onchange: () => this.open(Number(select.value)) },
      LESSONS.map(({ name }, number) => {
        const text = `${number + 1} · ${t(`lessons.${name}.title`)}`;
        return h("option", { value: number, selected: number === index, text });
      }));
    const turn = (name, text, to) => h("button", {
      type: "button", class: "icon", "data-keeps": name, text, "aria-label": t(`tour.${name}`), disabled: !LESSONS[to],
      onclick: () => this.open(to),
    });
    return h("div", { class: "head" },
      turn("previous", "‹", index - 1),
      select,
      turn("next", "›", index + 1),
      h("button", { type: "button", class: "icon", text: "×", "aria-label": t("tour.close"), onclick: () => this.close() }));
  }

  #now(phase, words) {
    const { t } = this;
    if (phase === "intro") return h("div", { class: "now" }, this.#primary(t("tour.set_up"), () => this.setUp()));
    if (phase === "before") return h("p", { class: "now wait", role: "status", text: words("before") });
    if (phase === "preparing") return h("p", { class: "now wait", role: "status", text: t("tour.preparing") });
    const question = this.#question(words, phase !== "predict");
    if (phase === "predict") {
      const play = this.#primary(t("tour.play"), () => this.#watch());
      play.disabled = this.guess === null;
      return h("div", { class: "now" }, question, play, this.guess === null ? h("p", { class: "soft", text: t("tour.pick") }) : null);
    }
    const watching = () => h("p", { class: "wait", role: "status", text: t("tour.watching", { n: this.lesson.epochs }) });
    if (phase === "watch") return h("div", { class: "now" }, question, watching());
    return h("div", { class: "now" }, question, this.#outcome(words));
  }

  #primary(text, onclick) {
    return h("button", { type: "button", class: "primary", "data-keeps": "main", text, onclick });
  }

  #question(words, settled) {
    const name = unique("guess");
    return h("fieldset", { class: "question" }, h("legend", { text: words("question") }),
      this.lesson.answers.map((answer) => {
        const mark = settled && this.came ? (answer === this.came.answer ? "came" : "") : "";
        const input = h("input", {
          type: "radio", name, value: answer, checked: this.guess === answer, disabled: settled, "data-keeps": `answer-${answer}`,
          onchange: () => {
            this.guess = answer;
            this.render();
          },
        });
        return h("label", { class: mark }, input, h("span", { text: words(`answers.${answer}`) }));
      }));
  }

  #outcome(words) {
    const { t, came, guess } = this;
    return h("div", { class: "outcome", role: "status", "data-answer": came.answer, "data-verdict": came.verdict },
      h("p", {}, h("b", { text: t(guess === came.answer ? "tour.right" : "tour.wrong") }), " ", words(`outcomes.${came.answer}`, came.values)),
      h("p", { class: "verdict", text: t(`tour.${came.verdict}`) }),
      h("button", { type: "button", class: "quiet", text: t("tour.again"), onclick: () => this.setUp() }),
      this.index + 1 < LESSONS.length ? this.#primary(t("tour.next_lesson"), () => this.open(this.index + 1)) : null);
  }

  #foot() {
    const { t, lesson } = this;
    return h("p", { class: "more" }, `${t("tour.proof")} `, h("code", { text: `goru claims ${lesson.claim}` }), ` · ${t("tour.docs")}`);
  }
}
