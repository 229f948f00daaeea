/* A password is changed straight in the element, with the old one. */

import { SIGNATURE, changePassword } from "./jpki.js";
import { Choice } from "./choosing.js";
import { addRevealButtons, busy, forget, mark, onSubmit, secretOf } from "./page.js";
import { forgetPin } from "./sealed.js";

const form = document.getElementById("change");
const old = document.getElementById("old");
const fresh = new Choice(form, "new");
const { purpose, element } = form.dataset;
const isSignature = purpose === SIGNATURE;
const aliases = isSignature ? {} : { password_wrong: "pin_wrong", password_blocked: "pin_blocked" };

function oldProblem() {
  const value = secretOf(old);
  if (value === "") return isSignature ? "password_missing" : "pin_missing";
  if (isSignature) return /^[A-Z0-9]{6,16}$/.test(value) ? null : "password_rules";
  return /^[0-9]{4}$/.test(value) ? null : "pin_rules";
}

addRevealButtons(form);

onSubmit(form, {
  aliases,
  check() {
    return [mark(old, oldProblem()), fresh.check(secretOf(old))].every(Boolean);
  },
  async work() {
    busy(form, "changing");
    await changePassword(element, purpose, secretOf(old), fresh.value);
    if (!isSignature) document.getElementById("lock-ended").hidden = !await forgetPin(form.dataset.phone);
    forget(form);
    form.hidden = true;
    const done = document.getElementById("done");
    done.hidden = false;
    done.focus();
  },
});
