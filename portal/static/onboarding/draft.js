/*
 * A page of a draft, saved while it is typed. Each field remembers the edition at which it was read; what somebody else
 * has changed meanwhile comes into fields that weren't touched here, and stands beside those that were.
 * Without this script the page works by its button.
 */

import { jsonHeaders } from "../phone/jpki.js";
import { call } from "../phone/page.js";

const form = document.getElementById("draft");
const status = document.getElementById("saved");
const hidden = (name) => form.elements.namedItem(name);
const known = JSON.parse(hidden("read").value);
const bases = {};
const disputed = new Map(); // path -> {edition, theirs}
const deciding = new Set(); // fields whose writer has chosen one of two values, until the server knows
let edition = Number(hidden("edition").value);
let busy = false;
let again = false;
let leaving = false;
let unsaved = false; // the last saving failed
let timer = 0;
const PAUSE = 400;
const RETRY = 3000;

for (const path of Object.keys(known)) bases[path] = edition;
const holder = (path) => form.querySelector(`[data-field="${CSS.escape(path)}"]`);
const inputs = (path) => [...form.querySelectorAll(`[name="${CSS.escape(path)}"]`)];
const isFile = (path) => inputs(path).some((one) => one.type === "file");
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const word = (name) => document.getElementById("words").content.querySelector(`[data-word="${name}"]`).textContent;

/** Return what stands in a field, as the server keeps it. */
function valueOf(path) {
  const found = inputs(path);
  if (Array.isArray(known[path])) {
    if (found[0]?.type === "checkbox") return found.filter((one) => one.checked).map((one) => one.value);
    return [...new Set((found[0]?.value ?? "").split(/\r\n|\r|\n/).map((line) => line.trim()).filter(Boolean))];
  }
  if (found[0]?.type === "radio") return found.find((one) => one.checked)?.value ?? "";
  return (found[0]?.value ?? "").replace(/\r\n?/g, "\n").trim();
}

/** Put a value into a field. */
function put(path, value) {
  for (const one of inputs(path)) {
    if (one.type === "checkbox") one.checked = value.includes(one.value);
    else if (one.type === "radio") one.checked = one.value === value;
    else one.value = Array.isArray(value) ? value.join("\n") : value;
  }
}

const changed = () => Object.keys(known).filter((path) => !isFile(path) && !same(valueOf(path), known[path]));

/** Keep the form's own button right: it sends what was read, and at which edition. */
function remember() {
  hidden("edition").value = String(edition);
  hidden("read").value = JSON.stringify(known);
  hidden("bases").value = JSON.stringify(bases);
}

async function save(decided = []) {
  for (const path of decided) deciding.add(path);
  if (busy) {
    again = true;
    return;
  }
  const settled = [...deciding];
  const paths = [...new Set([...changed(), ...settled])];
  const changes = Object.fromEntries(paths.map((path) => [path, valueOf(path)]));
  busy = true;
  form.setAttribute("aria-busy", "true");
  if (paths.length) status.textContent = word("saving");
  let answer;
  try {
    const asked = Object.fromEntries(paths.map((path) => [path, bases[path]]));
    answer = await call(form.dataset.save, { edition, changes, bases: asked, settled });
  } catch (error) {
    unsaved = true;
    if (error.code === "site_unreachable") {
      status.textContent = word("away");
      clearTimeout(timer);
      timer = setTimeout(save, RETRY);
    } else {
      status.textContent = error.problem?.citizen?.[document.documentElement.lang] ?? word("away");
    }
    return;
  } finally {
    busy = false;
    form.setAttribute("aria-busy", "false");
  }
  if (!answer) {
    // Not an answer of ours: the sign-in page, because the session is over. Nothing typed is lost by that.
    unsaved = true;
    const link = document.getElementById("words").content.querySelector("[data-word=sign_in]").cloneNode(true);
    status.replaceChildren(word("signed_out"), " ", link);
    return;
  }
  unsaved = false;
  for (const path of settled) deciding.delete(path);
  take(answer, changes, settled);
  if (again) {
    again = false;
    save();
  }
}

/** Take the server's answer in: what is saved, what others changed, what is in dispute. */
function take(answer, changes, settled) {
  edition = answer.edition;
  const inConflict = new Set(answer.conflicts.map((one) => one.field));
  for (const [path, value] of Object.entries(changes)) {
    if (inConflict.has(path)) continue;
    known[path] = value;
    bases[path] = edition;
    if (disputed.delete(path)) holder(path)?.querySelector("[data-conflict]")?.remove();
  }
  let theirs = false;
  for (const [path, value] of Object.entries(answer.others)) {
    if (!(path in known) || !same(valueOf(path), known[path]) || path in changes) continue;
    put(path, value);
    known[path] = value;
    theirs = true;
  }
  // Whatever isn't touched here is as the server has it, up to this edition.
  for (const path of Object.keys(known)) {
    if (!inConflict.has(path) && same(valueOf(path), known[path])) bases[path] = edition;
  }
  for (const one of answer.conflicts) dispute(one);
  remember();
  for (const [language, html] of Object.entries(answer.preview)) {
    const place = document.querySelector(`[data-preview="${language}"]`);
    if (place) place.innerHTML = html;
  }
  showLikeness(answer.like);
  if (disputed.size) status.textContent = word("dispute");
  else if (theirs) status.textContent = word("theirs");
  else if (Object.keys(changes).length || settled.length) status.textContent = word("saved");
}

/** Show a field's two values, and let the writer decide. Neither is lost: the server keeps both until then. */
function dispute({ field, theirs, shown, by }) {
  const place = holder(field);
  let box = place.querySelector("[data-conflict]");
  if (!box) {
    box = document.getElementById("conflict").content.firstElementChild.cloneNode(true);
    box.dataset.conflict = field;
    const first = inputs(field)[0];
    (first.closest(".choice") ?? first).before(box);
    for (const button of box.querySelectorAll("button")) {
      button.addEventListener("click", () => settle(field, button.dataset.take));
    }
  }
  box.querySelector("[data-who]").textContent = by;
  box.querySelector("[data-theirs]").textContent = shown;
  disputed.set(field, { edition, theirs });
}

function settle(field, taken) {
  const found = disputed.get(field);
  if (!found) return;
  if (taken === "theirs") put(field, found.theirs);
  bases[field] = found.edition;
  inputs(field)[0].focus();
  save([field]);
}

function showLikeness(like) {
  const place = document.getElementById("like");
  place.replaceChildren();
  if (!like.length) return;
  const box = document.getElementById("likeness").content.firstElementChild.cloneNode(true);
  for (const one of like) {
    const line = document.createElement("li");
    line.textContent = `${one.like} ≈ ${one.name}`;
    box.querySelector("ul").append(line);
  }
  place.append(box);
}

form.addEventListener("input", (event) => {
  if (event.target.type === "file" || event.target.name === "settle" || event.target.name?.startsWith("remove:")) return;
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
});
// Whoever comes back to the page sees what others have written meanwhile.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" || changed().length) save();
});
// What was typed in the last moment before the page goes.
addEventListener("pagehide", () => {
  const paths = changed();
  if (!paths.length || leaving) return;
  const changes = Object.fromEntries(paths.map((path) => [path, valueOf(path)]));
  const asked = Object.fromEntries(paths.map((path) => [path, bases[path]]));
  const body = JSON.stringify({ edition, changes, bases: asked });
  fetch(form.dataset.save, { method: "POST", keepalive: true, headers: jsonHeaders(form.dataset.save), body }).catch(() => {});
});
// Only where something would be lost: the server is away, or the session is over.
addEventListener("beforeunload", (event) => {
  if (unsaved && !leaving && changed().length) event.preventDefault();
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
// The button sends what is typed; what is being saved at that moment is the same.
form.addEventListener("submit", () => {
  clearTimeout(timer);
  leaving = true;
});
// A form that came back with two values for a field: what is typed isn't what is saved, until one of them is chosen.
for (const box of form.querySelectorAll("[data-conflict-by]")) {
  const path = box.closest("[data-field]").dataset.field;
  const shown = box.querySelector("strong").innerText;
  bases[path] = 0;
  box.remove();
  dispute({ field: path, theirs: known[path], shown, by: box.dataset.conflictBy });
}
remember();
