/* The tour's page: asks how far the workspace is, and loads itself anew when a step was done somewhere else. */

const EVERY = 2000;
const root = document.getElementById("making");

async function look() {
  if (document.visibilityState === "visible") {
    try {
      const response = await fetch(root.dataset.state, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (response.ok && !response.redirected && (await response.json()).state !== root.dataset.now) return location.reload();
    } catch {
      // The next look finds out.
    }
  }
  return setTimeout(look, EVERY);
}

setTimeout(look, EVERY);
