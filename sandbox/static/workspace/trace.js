/*
 * The trace as it happens: asks for the lines that are new, puts each in its place in time, and opens a line to its bytes
 * without leaving the page. Without this script every line is a link, and the page is read anew by hand.
 */

const EVERY = 1500;
const EVERY_HIDDEN = 10000;
const MOST = 400; // lines on the page
const list = document.getElementById("trace");
const live = document.getElementById("live");
const pause = document.getElementById("pause");
const empty = document.getElementById("empty");
const language = document.documentElement.lang;
let paused = false;
let timer = null;

function sentence(code) {
  return document.getElementById("trace-sentences").content.querySelector(`[data-code="${code}"]`).textContent;
}

function say(state) {
  for (const name of ["on", "off", "lost"]) document.getElementById(`live-${name}`).hidden = name !== state;
  live.dataset.state = state;
}

/* --- what is new ----------------------------------------------------------------------------------- */

function comesAfter(one, other) {
  if (one.dataset.at !== other.dataset.at) return one.dataset.at > other.dataset.at;
  return Number(one.dataset.number) > Number(other.dataset.number);
}

function place(line) {
  let before = list.lastElementChild;
  while (before && comesAfter(before, line)) before = before.previousElementSibling;
  if (before) before.after(line);
  else list.prepend(line);
}

function take(html) {
  const atEnd = window.innerHeight + window.scrollY > document.documentElement.scrollHeight - 200;
  const fragment = new DOMParser().parseFromString(html, "text/html");
  let added = 0;
  for (const line of fragment.querySelectorAll(".event")) {
    list.dataset.last = String(Math.max(Number(list.dataset.last), Number(line.dataset.number)));
    if (document.getElementById(line.id)) continue;
    const own = document.adoptNode(line);
    own.classList.add("event--new");
    place(own);
    added += 1;
  }
  if (!added) return;
  empty.hidden = true;
  while (list.children.length > MOST) list.firstElementChild.remove();
  const busy = list.contains(document.activeElement) || list.querySelector("details[open]");
  if (atEnd && !busy) window.scrollTo({ top: document.documentElement.scrollHeight });
}

async function ask() {
  const query = new URLSearchParams(list.dataset.query);
  query.set("after", list.dataset.last);
  let response;
  try {
    response = await fetch(`${list.dataset.rows}?${query}`, { credentials: "same-origin", headers: { "Accept-Language": language } });
  } catch {
    return say("lost");
  }
  if (response.redirected || response.status === 404) return location.reload(); // signed out
  if (response.status === 200) take(await response.text());
  return say(response.ok ? "on" : "lost");
}

async function follow() {
  clearTimeout(timer);
  if (paused) return;
  await ask();
  timer = setTimeout(follow, document.visibilityState === "visible" ? EVERY : EVERY_HIDDEN);
}

if (live) {
  live.hidden = false;
  say("on");
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    say(paused ? "off" : "on");
    follow();
  });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") follow(); });
  timer = setTimeout(follow, EVERY);
}

/* --- a line opens --------------------------------------------------------------------------------------- */

async function open(details) {
  const body = details.querySelector(".event__body");
  if (body.dataset.read) return;
  body.dataset.read = "yes";
  body.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(`${details.dataset.url}?fragment`, { credentials: "same-origin" });
    if (!response.ok || response.redirected) throw new Error(String(response.status));
    const fragment = new DOMParser().parseFromString(await response.text(), "text/html");
    body.replaceChildren(...fragment.body.childNodes);
  } catch {
    delete body.dataset.read;
    const told = document.createElement("p");
    told.textContent = sentence("unread");
    body.append(told);
  }
  body.removeAttribute("aria-busy");
}

list.addEventListener("toggle", (event) => {
  if (event.target.open && event.target.matches(".event__what")) open(event.target);
}, true);
