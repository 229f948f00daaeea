/* The application: shown, signed on the card with the signature key, sent. */

import { SIGNATURE, base64Of, signAndReadCertificate, utf8 } from "./jpki.js";
import { addRevealButtons, busy, call, forget, mark, onSubmit, secretOf, showProblem, showText } from "./page.js";

const form = document.getElementById("apply");
const password = document.getElementById("password");
const aliases = { password_blocked: "card_password_blocked", certificate_missing: "card_certificate_missing" };
const cards = document.getElementById("cards");
const chosen = () => form.querySelector("input[name=card]:checked");
let text = null;

addRevealButtons(form);
showText(form.dataset.application).then((shown) => { text = shown; }).catch((error) => showProblem(error, aliases));

// Without a card on a reader the button stays off.
if (cards) onSubmit(form, {
  aliases,
  check() {
    const value = secretOf(password);
    const problem = value === "" ? "password_missing" : /^[A-Z0-9]{6,16}$/.test(value) ? null : "password_rules";
    const right = [mark(cards, chosen() ? null : "card_not_chosen"), mark(password, problem)];
    return right.every(Boolean);
  },
  async work() {
    busy(form, "reading_card");
    text ??= await showText(form.dataset.application);
    const proof = await signAndReadCertificate(chosen().value, SIGNATURE, secretOf(password), utf8(text));
    forget(form);
    busy(form, "sending_application");
    const enrolment = await call(form.dataset.enrolments, {
      application: text,
      signature: base64Of(proof.signature),
      certificate: base64Of(proof.certificate),
    });
    location.assign(form.dataset.next.replace("00000000-0000-0000-0000-000000000000", enrolment.id));
  },
});
