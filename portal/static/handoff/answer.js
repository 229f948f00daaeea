/*
 * The citizen's yes: the phone's chip signs, and certificate and signature go to the site.
 *
 * The PIN or password goes to the chip by the device bridge and nowhere else; the field is emptied before anything is
 * sent to the site.
 */

import { SIGNATURE, base64Of, signAndReadCertificate } from "../phone/jpki.js";
import { addRevealButtons, busy, call, forget, mark, onSubmit, secretOf } from "../phone/page.js";

const form = document.getElementById("answer");
const field = document.getElementById("secret");
const { purpose, deviceUrl, answerUrl } = form.dataset;
const message = Uint8Array.from(atob(form.dataset.message), (character) => character.charCodeAt(0));
const [format, rules] = purpose === SIGNATURE ? [/^[A-Z0-9]{6,16}$/, "password_rules"] : [/^[0-9]{4}$/, "pin_rules"];

addRevealButtons(form);

onSubmit(form, {
  // What the chip's errors come to for somebody who holds the phone.
  aliases: {
    application_missing: "phone_certificate_missing",
    certificate_missing: "phone_certificate_missing",
    key_missing: "phone_certificate_missing",
    ...(purpose === SIGNATURE ? {} : { password_wrong: "pin_wrong", password_blocked: "pin_blocked" }),
  },
  check() {
    return mark(field, format.test(secretOf(field)) ? null : rules);
  },
  async work() {
    busy(form, "answering");
    const { certificate, signature } = await signAndReadCertificate(deviceUrl, purpose, secretOf(field), message);
    forget(form);
    const answered = await call(answerUrl, { certificate: base64Of(certificate), signature: base64Of(signature) });
    location.assign(answered.return_url);
  },
});
