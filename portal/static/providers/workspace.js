/* The workspace's page while it waits: asks how far it is, and loads itself anew when that has changed. */

import { call } from "../phone/page.js";

const EVERY = 1500;
const root = document.getElementById("making");

async function look() {
  try {
    const { state } = await call(root.dataset.state);
    if (state !== root.dataset.now) return location.reload();
  } catch {
    // The next look finds out.
  }
  return setTimeout(look, EVERY);
}

if (root) setTimeout(look, EVERY);
