/*
 * A password is returned to "not set" and set anew. The element says which is due: while its password is set or
 * blocked, the signed request; once it is "not set", the new one.
 */

import { SIGNATURE, base64Of, setPassword, signAndReadCertificate, signWithPhone, status, utf8 } from "./jpki.js";
import { Choice } from "./choosing.js";
import { addRevealButtons, busy, call, forget, mark, onSubmit, secretOf, sentence, showProblem, showText } from "./page.js";
import { forgetPin } from "./sealed.js";

const proof = document.getElementById("proof");
const fresh = document.getElementById("fresh");
const { purpose, element, request } = proof.dataset;
const withCard = purpose === SIGNATURE;
const secret = document.getElementById("secret");
const cards = document.getElementById("cards");
const chosenCard = () => proof.querySelector("input[name=card]:checked");
const aliases = withCard ? { password_blocked: "card_password_blocked", certificate_missing: "card_certificate_missing" } : {};
let text = null;

async function begin() {
  const known = (await status(element))[purpose];
  document.getElementById("looking").hidden = true;
  if (known.state === "not_set") {
    document.getElementById("set").hidden = false;
    return;
  }
  const tries = document.getElementById("tries");
  tries.textContent = sentence(known.state === "blocked" ? "is_blocked" : "tries_left", { tries: known.triesLeft });
  tries.hidden = false;
  document.getElementById("ask").hidden = false;
  text = await showText(request);
}

begin().catch((error) => {
  document.getElementById("looking").hidden = true;
  showProblem(error);
});

addRevealButtons(proof);
addRevealButtons(fresh);

if (!withCard || cards) onSubmit(proof, {
  aliases,
  check() {
    const value = secretOf(secret);
    const problem = value === "" ? "password_missing" : /^[A-Z0-9]{6,16}$/.test(value) ? null : "password_rules";
    const right = [mark(secret, problem)];
    if (withCard) right.push(mark(cards, chosenCard() ? null : "card_not_chosen"));
    return right.every(Boolean);
  },
  async work() {
    busy(proof, withCard ? "reading_card" : "signing_end");
    text ??= await showText(request);
    const message = utf8(text);
    const signed = withCard
      ? await signAndReadCertificate(chosenCard().value, SIGNATURE, secretOf(secret), message)
      : { signature: await signWithPhone(element, SIGNATURE, secretOf(secret), message) };
    forget(proof);
    busy(proof, "asking_unblock");
    const body = { text, signature: base64Of(signed.signature) };
    if (signed.certificate) body.certificate = base64Of(signed.certificate);
    await call(request, body);
    location.reload();
  },
});

const choice = new Choice(fresh, "new");

onSubmit(fresh, {
  check: () => choice.check(),
  async work() {
    busy(fresh, "changing");
    await setPassword(element, purpose, choice.value);
    // The screen lock stands for a PIN that is gone.
    if (!withCard) document.getElementById("lock-ended").hidden = !await forgetPin(fresh.dataset.phone);
    forget(fresh);
    document.getElementById("set").hidden = true;
    const done = document.getElementById("done");
    done.hidden = false;
    done.focus();
  },
});
