/* A new password or PIN: typed twice, its rules judged as one types. Expects the template phone/choice.html. */

import { mark, secretOf, sentence } from "./page.js";
import { weakness } from "./weakness.js";

const RULES = {
  length: (value) => value.length >= 6 && value.length <= 16,
  upper: (value) => /^[A-Z0-9]+$/.test(value),
  digits: (value) => /^[0-9]{4}$/.test(value),
};

export class Choice {
  /** `id`: of the field in `form`, whose data-guessable holds the spellings of the birthday. */
  constructor(form, id) {
    this.field = document.getElementById(id);
    this.again = document.getElementById(`${id}-again`);
    this.list = document.getElementById(`${id}-rules`);
    this.said = document.getElementById(`${id}-weak`);
    this.isPin = this.list.querySelector("[data-rule=digits]") !== null;
    this.guessable = (form.dataset.guessable ?? "").split(" ").filter(Boolean);
    this.field.addEventListener("input", () => this.judge());
    this.judge();
  }

  get value() {
    return secretOf(this.field);
  }

  get isFormed() {
    return this.isPin ? RULES.digits(this.value) : RULES.length(this.value) && RULES.upper(this.value);
  }

  /** The code of what is wrong with it, or null. */
  get problem() {
    if (!this.isFormed) return this.isPin ? "pin_rules" : "password_rules";
    const weak = weakness(this.value, this.guessable);
    return weak ? `weak_${weak}` : null;
  }

  judge() {
    const { problem } = this;
    for (const item of this.list.children) {
      const { rule } = item.dataset;
      item.dataset.met = String(rule === "strong" ? problem === null : RULES[rule](this.value));
    }
    const text = problem?.startsWith("weak_") ? sentence(problem) : "";
    if (this.said.textContent !== text) this.said.textContent = text;
  }

  /** Mark both fields as right or wrong. Return whether both are right; `old` is a value that it must not be. */
  check(old = null) {
    const problem = this.problem ?? (this.value === old ? "password_unchanged" : null);
    if (problem) this.said.textContent = ""; // said at the field from here on
    const differs = this.isPin ? "pin_differs" : "password_differs";
    const right = [mark(this.field, problem), mark(this.again, this.value === secretOf(this.again) ? null : differs)];
    return right.every(Boolean);
  }
}
