/*
 * Passkeys on the pages of accounts. What a page offers stands in its buttons:
 *
 *   <button type="button" hidden data-passkey="sign-in" data-ask="…" data-answer="…">   sign in, and go on
 *   <button type="button" hidden data-passkey="enrol" …>                                make the account's first one
 *   <button type="button" hidden data-passkey="confirm" data-ask="…">                   in a form: fills `passkey`, sends
 *   <button type="button" hidden data-passkey="add" data-ask="…">                       in a form: fills `created`
 *
 * A button stays hidden where the browser has no WebAuthn. Expects phone/problem.html and providers/sentences.html.
 */

import { ApiError, call, hideProblem, showProblem } from "../phone/page.js";
import { create, get } from "../phone/webauthn.js";

const WAYS = {
  "sign-in": async (button) => {
    const { next } = await call(button.dataset.answer, await get(await call(button.dataset.ask, {})));
    location.assign(next);
  },
  enrol: async (button) => {
    const { next } = await call(button.dataset.answer, await create(await call(button.dataset.ask, {})));
    location.assign(next);
  },
  confirm: async (button) => {
    button.form.elements.passkey.value = JSON.stringify(await get(await call(button.dataset.ask, {})));
    for (const field of button.form.querySelectorAll("[name=code], [name=own_password]")) field.required = false;
    button.form.requestSubmit();
  },
  add: async (button) => {
    button.form.elements.created.value = JSON.stringify(await create(await call(button.dataset.ask, {})));
    for (const note of document.querySelectorAll("[data-added]")) note.hidden = false;
  },
};

async function press(button) {
  if (button.getAttribute("aria-disabled") === "true") return;
  hideProblem();
  button.setAttribute("aria-disabled", "true");
  try {
    await WAYS[button.dataset.passkey](button);
  } catch (error) {
    // What the person broke off, or the authenticator didn't do, comes as one kind of exception.
    showProblem(error instanceof DOMException ? new ApiError({ code: "passkey_not_used" }) : error);
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

if (globalThis.PublicKeyCredential) {
  for (const button of document.querySelectorAll("[data-passkey]")) {
    button.hidden = false;
    button.addEventListener("click", () => press(button));
  }
  for (const part of document.querySelectorAll("[data-with-passkey]")) part.hidden = false;
}
