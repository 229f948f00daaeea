/* Sign in with the card: its user authentication key signs the text that the server gave for this once. */

import { USER_AUTHENTICATION, base64Of, signAndReadCertificate, utf8 } from "./jpki.js";
import { addRevealButtons, busy, call, forget, mark, onSubmit } from "./page.js";

const form = document.getElementById("sign-in");
const pin = document.getElementById("pin");
const cards = document.getElementById("cards");
const chosen = () => form.querySelector("input[name=card]:checked");
const aliases = {
  password_wrong: "pin_wrong",
  password_blocked: "card_pin_blocked_and_phone_lost",
  certificate_missing: "card_authentication_missing",
};

addRevealButtons(form);

if (cards) onSubmit(form, {
  aliases,
  check() {
    const problem = pin.value === "" ? "pin_missing" : /^[0-9]{4}$/.test(pin.value) ? null : "pin_rules";
    return [mark(cards, chosen() ? null : "card_not_chosen"), mark(pin, problem)].every(Boolean);
  },
  async work() {
    busy(form, "reading_card");
    const { text } = await call(form.dataset.challenge);
    const signed = await signAndReadCertificate(chosen().value, USER_AUTHENTICATION, pin.value, utf8(text));
    forget(form);
    busy(form, "signing_in");
    await call(form.dataset.challenge, { certificate: base64Of(signed.certificate), signature: base64Of(signed.signature) });
    location.assign(form.dataset.next);
  },
});
