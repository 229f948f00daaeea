/* The holder's proof: the phone's authentication key signs the server's text, opened by the PIN or by the screen lock. */

import { USER_AUTHENTICATION, base64Of, signWithPhone, utf8 } from "../phone/jpki.js";
import { addRevealButtons, busy, call, forget, mark, onSubmit } from "../phone/page.js";
import { offerScreenLock } from "../phone/screen_lock.js";

const form = document.getElementById("confirm");
const pin = document.getElementById("pin");
const { element, api, next } = form.dataset;
const aliases = {
  password_wrong: "pin_wrong",
  password_blocked: "pin_blocked",
  application_missing: "phone_certificate_missing",
  certificate_missing: "phone_certificate_missing",
  key_missing: "phone_certificate_missing",
};

async function prove(secret, typed) {
  busy(form, "answering");
  const { text } = await call(`${api}/proof-text`, { use: "open" });
  const signature = await signWithPhone(element, USER_AUTHENTICATION, secret, utf8(text));
  forget(form);
  await call(`${api}/proof`, { text, signature: base64Of(signature), typed });
  if (typed) lock?.renew();
  location.replace(next);
}

const lock = offerScreenLock(form, { deviceUrl: element, aliases, work: (secret) => prove(secret, false) });

addRevealButtons(form);
onSubmit(form, {
  aliases,
  check: () => mark(pin, /^[0-9]{4}$/.test(pin.value) ? null : "pin_rules"),
  work: () => prove(pin.value, true),
});
