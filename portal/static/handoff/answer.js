/*
 * The citizen's yes: the phone's chip signs, and certificate and signature go to the site.
 *
 * The PIN or password goes to the chip by the device bridge and nowhere else; the field is emptied before anything is
 * sent to the site.
 */

import { SIGNATURE, base64Of, signAndReadCertificate } from "../phone/jpki.js";
import { addRevealButtons, busy, call, forget, mark, onSubmit, secretOf } from "../phone/page.js";
import { offerScreenLock } from "../phone/screen_lock.js";

const form = document.getElementById("answer");
const field = document.getElementById("secret");
const { purpose, deviceUrl, answerUrl } = form.dataset;
const message = Uint8Array.from(atob(form.dataset.message), (character) => character.charCodeAt(0));
const [format, rules] = purpose === SIGNATURE ? [/^[A-Z0-9]{6,16}$/, "password_rules"] : [/^[0-9]{4}$/, "pin_rules"];

// What the chip's errors come to for somebody who holds the phone.
const aliases = {
  application_missing: "phone_certificate_missing",
  certificate_missing: "phone_certificate_missing",
  key_missing: "phone_certificate_missing",
  ...(purpose === SIGNATURE ? {} : { password_wrong: "pin_wrong", password_blocked: "pin_blocked" }),
};

async function answer(secret, typed) {
  busy(form, "answering");
  const { certificate, signature } = await signAndReadCertificate(deviceUrl, purpose, secret, message);
  if (typed) await lock?.pinTyped(secret);
  forget(form);
  const answered = await call(answerUrl, { certificate: base64Of(certificate), signature: base64Of(signature) });
  location.assign(answered.return_url);
}

// The page has the button for an authentication only.
const lock = offerScreenLock(form, { deviceUrl, aliases, work: (pin) => answer(pin, false) });

addRevealButtons(form);

onSubmit(form, {
  aliases,
  check() {
    return mark(field, format.test(secretOf(field)) ? null : rules);
  },
  work: () => answer(secretOf(field), true),
});
