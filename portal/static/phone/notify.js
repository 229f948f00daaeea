/*
 * A notification when a page that waits is ready: offered by a button when the wait is long, never asked for unbidden.
 * It comes from the open page, not from a push service: what a browser vendor's servers would have to know of is nothing.
 */

const region = document.getElementById("notify");
const button = document.getElementById("notify-button");
const state = document.getElementById("notify-state");
const word = (code) => document.getElementById("notify-words").content.querySelector(`[data-code="${code}"]`).textContent;
const title = document.title;
let worker = null;
let wanted = false;
let over = false;

export const wantsNotification = () => wanted;

/** After the time that the page names, say that it takes long, and offer a notification where the browser has them. */
export function offerNotification() {
  if (!region) return;
  setTimeout(() => {
    if (over) return;
    region.hidden = false;
    const possible = "Notification" in globalThis && isSecureContext && Notification.permission !== "denied";
    button.hidden = !possible;
    document.getElementById("notify-offer").hidden = !possible;
  }, Number(region.dataset.after) * 1000);
  button.addEventListener("click", async () => {
    const answer = await Notification.requestPermission();
    wanted = answer === "granted";
    state.textContent = word(wanted ? "granted" : "denied");
    button.hidden = true;
    // On Android a page's notifications come by way of a worker.
    if (wanted) worker = await activeWorker().catch(() => null);
  });
}

/** Say in the window's title that there is news (`code`: ready, stopped), and by a notification where it is wanted. */
export async function notify(code, text) {
  over = true;
  if (!region) return;
  region.hidden = true;
  document.title = `${word(code)} | ${title}`;
  if (!wanted) return;
  try {
    const details = { body: text, tag: "jpki-phone", lang: document.documentElement.lang, data: { url: location.href } };
    if (worker) await worker.showNotification(word(code), details);
    else new Notification(word(code), details);
  } catch {
    // The title says it, too.
  }
}

async function activeWorker() {
  const registration = await navigator.serviceWorker.register(new URL("./notice-worker.js", import.meta.url));
  const coming = registration.installing ?? registration.waiting;
  if (!registration.active && coming) {
    await new Promise((resolve) => {
      coming.addEventListener("statechange", () => { if (coming.state === "activated") resolve(); });
    });
  }
  return registration;
}
