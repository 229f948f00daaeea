/* Both passwords into the element, then both keys prove themselves: that activates the certificates. */

import { SIGNATURE, USER_AUTHENTICATION, base64Of, setPasswords, signWithPhone, utf8 } from "./jpki.js";
import { addRevealButtons, busy, call, forget, mark, onSubmit, secretOf } from "./page.js";

const form = document.getElementById("passwords");
const [password, passwordAgain, pin, pinAgain] = ["password", "password-again", "pin", "pin-again"].map((id) => document.getElementById(id));

const rules = {
  length: (value) => value.length >= 6 && value.length <= 16,
  upper: (value) => /^[A-Z0-9]+$/.test(value),
  digits: (value) => /^[0-9]{4}$/.test(value),
};

for (const list of form.querySelectorAll(".rules")) {
  const field = document.getElementById(list.dataset.for);
  const judge = () => {
    for (const item of list.children) item.dataset.met = String(rules[item.dataset.rule](secretOf(field)));
  };
  field.addEventListener("input", judge);
  judge();
}

addRevealButtons(form);

onSubmit(form, {
  check() {
    const right = [
      mark(password, rules.length(secretOf(password)) && rules.upper(secretOf(password)) ? null : "password_rules"),
      mark(passwordAgain, secretOf(password) === secretOf(passwordAgain) ? null : "password_differs"),
      mark(pin, rules.digits(pin.value) ? null : "pin_rules"),
      mark(pinAgain, pin.value === pinAgain.value ? null : "pin_differs"),
    ];
    return right.every(Boolean);
  },
  async work() {
    const element = form.dataset.element;
    const secrets = { signaturePassword: secretOf(password), authenticationPin: pin.value };
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
});
