/*
 * The citizen's yes: the phone's chip signs, and certificate and signature go to the site.
 *
 * The PIN or password goes to the chip by the device bridge and nowhere else; the field is emptied before anything is
 * sent to the site.
 */

import { JpkiError, SIGNATURE, base64Of, jsonHeaders, signAndReadCertificate } from "../phone/jpki.js";

const FORMATS = { signature: /^[A-Z0-9]{6,16}$/, user_authentication: /^[0-9]{4}$/ };
// What the chip's errors come to for somebody who holds the phone.
const SAME_AS = { application_missing: "no_certificate", certificate_missing: "no_certificate", key_missing: "no_certificate" };

const form = document.getElementById("answer");
const field = document.getElementById("secret");
const reveal = document.getElementById("reveal");
const submit = form.querySelector("[type=submit]");
const problem = document.getElementById("problem");
const working = document.getElementById("working");
const { purpose, deviceUrl, answerUrl } = form.dataset;
const message = Uint8Array.from(atob(form.dataset.message), (character) => character.charCodeAt(0));

function sentence(error) {
  const language = document.documentElement.lang === "en" ? "en" : "ja";
  const code = SAME_AS[error.code] ?? error.code;
  const template = document.querySelector(`template[data-message="${CSS.escape(code)}"]`);
  if (template) return template.content.textContent.replace("{tries}", String(error.triesLeft ?? ""));
  const citizen = error.problem?.citizen?.[language];
  if (citizen) return citizen;
  return document.querySelector('template[data-message="device_unreachable"]').content.textContent;
}

function show(error) {
  problem.querySelector("p:last-child").textContent = sentence(error);
  problem.hidden = false;
  problem.focus();
  field.setAttribute("aria-invalid", "true");
}

function busy(yes) {
  submit.disabled = yes;
  working.hidden = !yes;
  form.setAttribute("aria-busy", String(yes));
}

async function send(certificate, signature) {
  let response;
  try {
    response = await fetch(answerUrl, {
      method: "POST",
      credentials: "same-origin",
      headers: jsonHeaders(answerUrl),
      body: JSON.stringify({ certificate: base64Of(certificate), signature: base64Of(signature) }),
    });
  } catch {
    throw new JpkiError("site_unreachable");
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new JpkiError(body?.code ?? "site_unreachable", { problem: body });
  return body.return_url;
}

async function answer() {
  const secret = purpose === SIGNATURE ? field.value.toUpperCase() : field.value;
  field.value = "";
  if (!FORMATS[purpose].test(secret)) throw new JpkiError("password_format");
  const { certificate, signature } = await signAndReadCertificate(deviceUrl, purpose, secret, message);
  location.assign(await send(certificate, signature));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.hidden = true;
  field.removeAttribute("aria-invalid");
  busy(true);
  try {
    await answer();
  } catch (error) {
    busy(false);
    show(error);
  }
});

reveal.addEventListener("click", () => {
  const shown = field.type === "text";
  field.type = shown ? "password" : "text";
  reveal.setAttribute("aria-pressed", String(!shown));
  field.focus();
});

submit.disabled = false;
reveal.disabled = false;
