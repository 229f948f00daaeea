/* The progress as it happens: asks twice a second and replaces the list when something is new. */

const INTERVAL = 500;
const steps = document.getElementById("steps");
const now = document.getElementById("now");
const offline = document.getElementById("offline");
const next = document.getElementById("next");
const screen = steps.dataset.screen;

async function ask() {
  const response = await fetch(`${steps.dataset.url}?seen=${encodeURIComponent(steps.dataset.seen)}`, { credentials: "same-origin" });
  offline.hidden = true;
  if (response.status === 204) return true;
  if (!response.ok) {
    location.reload();
    return false;
  }
  const fragment = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = fragment.getElementById("steps");
  steps.replaceChildren(...fresh.childNodes);
  Object.assign(steps.dataset, fresh.dataset);
  // Only this sentence is announced, and only when it says something new.
  const said = fragment.getElementById("now").textContent;
  if (now.textContent !== said) now.textContent = said;
  // Another screen is due: the citizen goes there when the list is read, not before.
  next.hidden = response.headers.get("X-Screen") === screen;
  return next.hidden && "moving" in fresh.dataset;
}

async function watch() {
  let goOn = true;
  try {
    if (document.visibilityState === "visible") goOn = await ask();
  } catch {
    offline.hidden = false;
  }
  if (goOn) setTimeout(watch, INTERVAL);
}

setTimeout(watch, INTERVAL);
