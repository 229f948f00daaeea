/*
 * What the phone's pages share: sentences, errors, the site's API, password fields.
 * Expects in the page: templates phone/sentences.html and phone/problem.html, and <p id="busy" role="status">.
 */

import { JpkiError, jsonHeaders } from "./jpki.js";

const language = document.documentElement.lang === "ja" ? "ja" : "en";

/** Return the page's sentence for a code, with {tries} filled in; null when there is none. */
export function sentence(code, values = {}) {
  const found = document.getElementById("sentences")?.content.querySelector(`[data-code="${CSS.escape(code)}"]`);
  if (!found) return null;
  return found.textContent.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** An error answer of the site's API: problem+json (RFC 9457) with a sentence for the citizen. */
export class ApiError extends Error {
  constructor(problem) {
    super(problem?.code ?? "unknown");
    this.code = problem?.code ?? "unknown";
    this.problem = problem;
  }
}

/** Call the site's API; return its JSON. Raises ApiError, with code site_unreachable when there was no answer. */
export async function call(url, body = undefined) {
  let response;
  try {
    response = await fetch(url, body === undefined
      ? { credentials: "same-origin", headers: { Accept: "application/json" } }
      : { method: "POST", credentials: "same-origin", headers: jsonHeaders(url), body: JSON.stringify(body) });
  } catch {
    throw new ApiError({ code: "site_unreachable" });
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(answer);
  return answer;
}

/** Return the sentence that tells the citizen what happened and what to do; `aliases` rename codes for this page. */
export function sentenceFor(error, aliases = {}) {
  const told = error.problem?.citizen?.[language];
  if (told) return told;
  const code = aliases[error.code] ?? error.code ?? "unknown";
  return sentence(code, { tries: error.triesLeft }) ?? sentence("unknown") ?? String(error.message);
}

/** Say an error in the page's alert region and bring the focus there. */
export function showProblem(error, aliases = {}) {
  const region = document.getElementById("problem");
  const title = document.createElement("p");
  title.className = "notice__title";
  title.textContent = sentence("problem_title") ?? "";
  const text = document.createElement("p");
  text.textContent = sentenceFor(error, aliases);
  region.replaceChildren(title, text);
  region.hidden = false;
  region.dataset.code = error.code ?? "unknown";
  region.focus();
  if (!(error instanceof JpkiError) && !(error instanceof ApiError)) throw error;
}

export function hideProblem() {
  const region = document.getElementById("problem");
  region.hidden = true;
  region.replaceChildren();
}

/** Tell what is being done; an empty code tells that nothing is. */
export function busy(form, code) {
  const region = form.querySelector(".busy") ?? document.getElementById("busy");
  region.textContent = code ? sentence(code) ?? "" : "";
  form.setAttribute("aria-busy", String(Boolean(code)));
  for (const button of submits(form)) {
    if (code) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
}

const submits = (form) => form.querySelectorAll("button:not([type=button])");

/** Mark a field (or a group of radio buttons) as wrong with a sentence, or as right without one. Return whether it is. */
export function mark(field, code) {
  const text = document.getElementById(`${field.id}-error`);
  const inputs = field.matches("fieldset") ? field.querySelectorAll("input") : [field];
  for (const input of inputs) input.toggleAttribute("data-wrong", Boolean(code));
  if (code) {
    if (!field.matches("fieldset")) field.setAttribute("aria-invalid", "true");
    text.textContent = sentence(code) ?? code;
  } else {
    field.removeAttribute("aria-invalid");
    text.textContent = "";
  }
  text.hidden = !code;
  return !code;
}

/** Do the work of a form once at a time; the first wrong field, or the error, gets the focus. `failed`: after an error. */
export function onSubmit(form, { check, work, failed = () => {}, aliases = {} }) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    hideProblem();
    if (!check()) {
      form.querySelector("[data-wrong]")?.focus();
      return;
    }
    try {
      await work();
    } catch (error) {
      busy(form, null);
      forget(form);
      failed();
      showProblem(error, aliases);
    }
  });
  // Before this script ran, the form could only have been sent the browser's own way.
  for (const button of submits(form)) button.disabled = false;
  // Passwords don't wait in the page for whoever comes back to it.
  addEventListener("pagehide", () => forget(form));
}

/** Empty every password field. */
export function forget(form) {
  for (const field of form.querySelectorAll(".secret input")) {
    field.value = "";
    field.dispatchEvent(new Event("input"));
  }
}

/** Return the bytes' text of a secret field: the signature password has no lower case. */
export function secretOf(field) {
  return "upperCase" in field.dataset ? field.value.toUpperCase() : field.value;
}

/** Give each password field its button that shows what is typed. */
export function addRevealButtons(form) {
  for (const field of form.querySelectorAll(".secret input")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button--outline";
    button.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-controls", field.id);
    const label = form.querySelector(`label[for="${field.id}"]`)?.firstChild?.textContent ?? "";
    const name = () => {
      const shown = field.type === "text";
      button.textContent = sentence(shown ? "hide" : "show");
      button.setAttribute("aria-label", `${button.textContent}: ${label}`);
      button.setAttribute("aria-pressed", String(shown));
    };
    button.addEventListener("click", () => {
      field.type = field.type === "password" ? "text" : "password";
      name();
    });
    name();
    field.after(button);
  }
}

/** Show the text that will be signed, as it came. Return it. */
export async function showText(url) {
  const region = document.getElementById("application");
  const { text } = await call(url);
  region.textContent = text;
  region.setAttribute("aria-busy", "false");
  return text;
}
