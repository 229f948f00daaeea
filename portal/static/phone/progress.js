/*
 * The progress as it happens: pushed by the server (Server-Sent Events). Where a push finds no place or no way, it is
 * asked for; a page that nobody sees holds no stream open.
 */

import { offerNotification, wantsNotification, notify } from "./notify.js";

const ASK_EVERY = 2000;
const ASK_EVERY_HIDDEN = 5000;
const PUSH_AGAIN_AFTER = 15; // so many questions
const steps = document.getElementById("steps");
const now = document.getElementById("now");
const offline = document.getElementById("offline");
const next = document.getElementById("next");
const screen = steps.dataset.screen;
let over = false;
let source = null;
let timer = null;

function take(html, due) {
  offline.hidden = true;
  const fragment = new DOMParser().parseFromString(html, "text/html");
  const fresh = fragment.getElementById("steps");
  steps.replaceChildren(...fresh.childNodes);
  Object.assign(steps.dataset, fresh.dataset);
  // Only this sentence is announced, and only when it says something new.
  const said = fragment.getElementById("now").textContent;
  if (now.textContent !== said) now.textContent = said;
  // Another screen is due: the citizen goes there when the list is read, not before.
  next.hidden = due === screen;
  over = !next.hidden || !("moving" in fresh.dataset);
  if (!next.hidden) notify(due === "abandoned" ? "stopped" : "ready", said);
}

async function ask() {
  let response;
  try {
    response = await fetch(`${steps.dataset.url}?seen=${encodeURIComponent(steps.dataset.seen)}`, { credentials: "same-origin" });
  } catch {
    offline.hidden = false;
    return;
  }
  offline.hidden = true;
  if (response.status === 204) return;
  if (response.ok) {
    take(await response.text(), response.headers.get("X-Screen"));
  } else {
    over = true;
    location.reload();
  }
}

function askOn(interval, left = PUSH_AGAIN_AFTER) {
  timer = setTimeout(async () => {
    await ask();
    if (over) return;
    if (left > 1 || document.visibilityState !== "visible") askOn(interval, left - 1);
    else begin();
  }, interval);
}

function push() {
  const url = new URL(steps.dataset.events, location.href);
  url.searchParams.set("seen", steps.dataset.seen);
  source = new EventSource(url);
  let isPause = false; // the server ends a stream after a while; the browser opens the next one by itself
  source.addEventListener("open", () => { offline.hidden = true; isPause = false; });
  source.addEventListener("pause", () => { isPause = true; });
  source.addEventListener("steps", (event) => {
    const told = JSON.parse(event.data);
    take(told.html, told.screen);
    if (over) source.close();
  });
  source.addEventListener("error", () => {
    if (over || source.readyState === EventSource.CLOSED) {
      source.close();
      if (!over) askOn(ASK_EVERY);
    } else if (!isPause) offline.hidden = false;
  });
}

function begin() {
  clearTimeout(timer);
  source?.close();
  if (over) return;
  if (document.visibilityState === "visible") push();
  else if (wantsNotification()) askOn(ASK_EVERY_HIDDEN);
}

document.addEventListener("visibilitychange", begin);
begin();
offerNotification();
