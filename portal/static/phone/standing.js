/* How both passwords stand, as the element says: set, not set or blocked, and how many tries are left. */

import { status } from "./jpki.js";
import { showProblem } from "./page.js";

const TONES = { set: "tag--success", not_set: "tag--warning", blocked: "tag--error" };
const words = document.getElementById("standing-words").content;
const word = (code) => words.querySelector(`[data-code="${code}"]`).textContent;

function show(purpose, { state, triesLeft }) {
  const tag = document.getElementById(`state-${purpose}`);
  tag.textContent = word(state);
  tag.classList.replace("tag--quiet", TONES[state]);
  const remark = state === "set" ? word("tries").replace("{tries}", triesLeft) : word(`${state}_remark`);
  document.getElementById(`tries-${purpose}`).textContent = remark;
}

status(document.getElementById("standing").dataset.element)
  .then((known) => ["signature", "user_authentication"].forEach((purpose) => show(purpose, known[purpose])))
  .catch((error) => showProblem(error));
