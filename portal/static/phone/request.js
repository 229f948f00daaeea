/* A request that the phone's signature key signs and the server carries out: the end of use, the release of a hold. */

import { base64Of, signWithPhone, SIGNATURE, utf8 } from "./jpki.js";
import { addRevealButtons, busy, call, forget, mark, onSubmit, secretOf, showProblem, showText } from "./page.js";

const form = document.getElementById("request");
const password = document.getElementById("password");
let text = null;

addRevealButtons(form);
showText(form.dataset.request).then((shown) => { text = shown; }).catch((error) => showProblem(error));

onSubmit(form, {
  check() {
    const value = secretOf(password);
    return mark(password, value === "" ? "password_missing" : /^[A-Z0-9]{6,16}$/.test(value) ? null : "password_rules");
  },
  async work() {
    busy(form, "signing_end");
    text ??= await showText(form.dataset.request);
    const signature = await signWithPhone(form.dataset.element, SIGNATURE, secretOf(password), utf8(text));
    forget(form);
    busy(form, form.dataset.sending);
    await call(form.dataset.request, { text, signature: base64Of(signature) });
    location.assign(form.dataset.next);
  },
});
