/*
 * The screen that shows the code: asks every second how it stands, shows the newest code, and loads the page again when
 * something has happened. Between two answers nothing is asked.
 */

const screen = document.getElementById("screen");
const code = document.getElementById("code");
const away = document.getElementById("away");
const EVERY = 1000;

async function look() {
  let standing;
  try {
    const response = await fetch(screen.dataset.now, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (!response.ok) {
      location.reload();
      return;
    }
    standing = await response.json();
  } catch {
    away.hidden = false;
    setTimeout(look, 3 * EVERY);
    return;
  }
  away.hidden = true;
  if (standing.state !== screen.dataset.state) {
    location.reload();
    return;
  }
  if (code && standing.code) code.src = standing.code;
  setTimeout(look, EVERY);
}

setTimeout(look, EVERY);
