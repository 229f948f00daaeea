/*
 * The citizen's yes: the chip signs, and certificate and signature go to the site.
 *
 * The PIN or password goes to the chip by the device bridge and nowhere else; the field is emptied before the answer is
 * sent. Where the signature is to stand in a CMS or a PDF, the certificate is read first, and the site says what is to
 * be signed: for a text the page checks that its digest is in it.
 */

import { SIGNATURE, base64Of, hexOf, readCertificate, sha256, signAndReadCertificate, signMessage } from "../phone/jpki.js";
import { ApiError, addRevealButtons, busy, call, forget, mark, onSubmit, secretOf } from "../phone/page.js";
import { offerScreenLock } from "../phone/screen_lock.js";

const form = document.getElementById("answer");
const field = document.getElementById("secret");
const cards = document.getElementById("cards");
const { purpose, answerUrl, prepareUrl, service, digest } = form.dataset;
const withCard = !form.dataset.deviceUrl;
const [format, rules] = purpose === SIGNATURE ? [/^[A-Z0-9]{6,16}$/, "password_rules"] : [/^[0-9]{4}$/, "pin_rules"];

const bytesOfBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const deviceUrl = () => (withCard ? form.querySelector("input[name=card]:checked")?.value : form.dataset.deviceUrl);

/** Have the chip sign what is shown; return {certificate, signature}. */
async function signShown(url, secret) {
  const shown = bytesOfBase64(form.dataset.message);
  if (!prepareUrl) return signAndReadCertificate(url, purpose, secret, shown);
  const certificate = await readCertificate(url, purpose, secret);
  const prepared = await call(prepareUrl, { certificate: base64Of(certificate) });
  const message = bytesOfBase64(prepared.message);
  if (prepared.document_digest !== digest) throw new ApiError({ code: "unknown" });
  if (shown.length && !hexOf(message).includes(hexOf(await sha256(shown)))) throw new ApiError({ code: "unknown" });
  return { certificate, signature: await signMessage(url, purpose, secret, message) };
}

/** Answer with a PIN or password, typed or unlocked: chip, site, and on to where the site says. */
async function answer(secret, typed) {
  busy(form, withCard ? "reading_card" : "answering");
  const { certificate, signature } = await signShown(deviceUrl(), secret);
  if (typed) await lock?.pinTyped(secret);
  forget(form);
  const answered = await call(answerUrl, {
    service,
    certificate: base64Of(certificate),
    signature: base64Of(signature),
  });
  location.assign(answered.return_url);
}

/** What the chip's errors come to for somebody who holds the phone, or lays a card on the reader. */
const aliases = {
  ...(purpose === SIGNATURE ? {} : { password_wrong: "pin_wrong", password_blocked: "pin_blocked" }),
  ...(withCard
    ? {
        certificate_missing: "certificate_missing_on_card",
        password_blocked: purpose === SIGNATURE ? "card_password_blocked" : "card_pin_blocked",
      }
    : {
        application_missing: "phone_certificate_missing",
        certificate_missing: "phone_certificate_missing",
        key_missing: "phone_certificate_missing",
      }),
};

// The page has the button for an authentication by the phone only.
const lock = withCard ? null : offerScreenLock(form, { deviceUrl: deviceUrl(), aliases, work: (pin) => answer(pin, false) });

addRevealButtons(form);
onSubmit(form, {
  aliases,
  check() {
    const chosen = !withCard || (cards ? mark(cards, deviceUrl() ? null : "card_not_chosen") : false);
    return mark(field, format.test(secretOf(field)) ? null : rules) && chosen;
  },
  work: () => answer(secretOf(field), true),
});
