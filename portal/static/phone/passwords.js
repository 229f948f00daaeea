/* First the signature password, then the PIN; both into the element, then both keys prove themselves: that activates. */

import { SIGNATURE, USER_AUTHENTICATION, base64Of, setPasswords, signWithPhone, utf8 } from "./jpki.js";
import { Choice } from "./choosing.js";
import { addRevealButtons, busy, call, forget, hideProblem, onSubmit } from "./page.js";

const form = document.getElementById("passwords");
const password = new Choice(form, "password");
const pin = new Choice(form, "pin");
const parts = { password: document.getElementById("step-password"), pin: document.getElementById("step-pin") };
let shown = "password";

/** Show one of the two parts and bring the focus to its heading. */
function show(part) {
  shown = part;
  for (const [name, section] of Object.entries(parts)) section.hidden = name !== part;
  document.getElementById(`heading-${part}`).focus();
}

addRevealButtons(form);
// The browser's own "back" leads from the second part to the first.
addEventListener("popstate", (event) => show(event.state?.part === "pin" && password.check() ? "pin" : "password"));
document.getElementById("back").addEventListener("click", () => {
  hideProblem();
  history.back();
});

onSubmit(form, {
  check() {
    return shown === "password" ? password.check() : pin.check();
  },
  async work() {
    if (shown === "password") {
      history.pushState({ part: "pin" }, "");
      show("pin");
      return;
    }
    const element = form.dataset.element;
    const secrets = { signaturePassword: password.value, authenticationPin: pin.value };
    busy(form, "setting_passwords");
    const { activation } = await call(form.dataset.enrolment);
    await setPasswords(element, secrets);
    busy(form, "proving_keys");
    const message = utf8(activation.text);
    const signature = await signWithPhone(element, SIGNATURE, secrets.signaturePassword, message);
    const authentication = await signWithPhone(element, USER_AUTHENTICATION, secrets.authenticationPin, message);
    forget(form);
    busy(form, "activating");
    await call(form.dataset.activation, {
      signatures: { signature: base64Of(signature), user_authentication: base64Of(authentication) },
    });
    location.reload();
  },
  failed() {
    show("password");
  },
});
