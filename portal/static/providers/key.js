/*
 * A key pair made in the browser (WebCrypto, ECDSA on P-256): the public half is sent, the private one is shown here and
 * offered as a file. It leaves this page by the hands of whoever made it, and by nothing else.
 */

import { csrfToken } from "../phone/jpki.js";
import { ApiError, hideProblem, showProblem } from "../phone/page.js";

const button = document.getElementById("make-here");
const made = document.getElementById("made");

const pem = (bytes) => {
  const lines = btoa(String.fromCharCode(...new Uint8Array(bytes))).match(/.{1,64}/g);
  return ["-----BEGIN PRIVATE KEY-----", ...lines, "-----END PRIVATE KEY-----", ""].join("\n");
};

async function register(publicKey) {
  const { kty, crv, x, y } = publicKey;
  const body = new URLSearchParams({ jwk: JSON.stringify({ kty, crv, x, y }) });
  const headers = { Accept: "application/json", "X-CSRFToken": csrfToken() };
  const response = await fetch(button.dataset.answer, { method: "POST", credentials: "same-origin", headers, body })
    .catch(() => { throw new ApiError({ code: "site_unreachable" }); });
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(answer);
  return answer;
}

async function make() {
  if (button.getAttribute("aria-disabled") === "true") return;
  hideProblem();
  button.setAttribute("aria-disabled", "true");
  try {
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    const text = pem(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
    const { next } = await register(await crypto.subtle.exportKey("jwk", pair.publicKey));
    document.getElementById("private-key").textContent = text;
    const file = document.getElementById("private-key-file");
    file.href = URL.createObjectURL(new Blob([text], { type: "application/x-pem-file" }));
    document.getElementById("go-on").href = next;
    for (const other of document.querySelectorAll("[data-before]")) other.hidden = true;
    made.hidden = false;
    made.focus();
  } catch (error) {
    showProblem(error);
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

if (globalThis.crypto?.subtle) {
  button.hidden = false;
  button.addEventListener("click", make);
}
