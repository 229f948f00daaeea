/* Setting the screen lock up: the PIN proves right at the chip, the authenticator is registered, the PIN is sealed. */

import { USER_AUTHENTICATION, base64Of, signWithPhone, utf8 } from "./jpki.js";
import { addRevealButtons, busy, call, forget, mark, onSubmit, showProblem } from "./page.js";
import { ScreenLockError, available, create, seal, unlock } from "./screen_lock.js";
import { API, erase, kept } from "./sealed.js";

const form = document.getElementById("set-up");
const pin = document.getElementById("pin");
const kinds = document.getElementById("kinds");
const chosen = () => form.querySelector("input[name=kind]:checked");

// Turned off, or of another pair: what is left here opens no more.
if (form) {
  erase(form.dataset.phone);
  addRevealButtons(form);
  onSubmit(form, {
    aliases: { password_wrong: "pin_wrong", password_blocked: "pin_blocked", application_missing: "phone_certificate_missing" },
    check() {
      const right = [mark(kinds, chosen() ? null : "kind_not_chosen"), mark(pin, /^[0-9]{4}$/.test(pin.value) ? null : "pin_rules")];
      return right.every(Boolean);
    },
    async work() {
      busy(form, "answering");
      if (!await available()) throw new ScreenLockError("screen_lock_none_here");
      const kind = chosen().value;
      const typed = pin.value;
      const { text, options, salt } = await call(`${API}/offer`, { kind });
      const signature = await signWithPhone(form.dataset.element, USER_AUTHENTICATION, typed, utf8(text));
      forget(form);
      busy(form, "screen_lock_waiting");
      const made = await create(options, salt);
      const { credential, share } = await call(`${API}/set-up`, {
        kind, text, signature: base64Of(signature), credential: made.told,
      });
      try {
        // Most authenticators give their secret only when asked for the second time.
        await seal(form.dataset.phone, credential, made.secret ? { share, secret: made.secret } : await unlock(), typed);
      } catch (error) {
        await call(`${API}/off`, { reason: "not_finished" }).catch(() => {});
        throw error;
      }
      location.assign(form.dataset.next);
    },
  });
  available().then((possible) => { if (!possible) showProblem(new ScreenLockError("screen_lock_none_here")); });
}

const off = document.getElementById("turn-off");
if (off) {
  document.getElementById("elsewhere").hidden = kept(off.dataset.phone)?.credential === off.dataset.credential;
  off.addEventListener("submit", () => {
    erase(off.dataset.phone);
    PublicKeyCredential?.signalUnknownCredential?.({ rpId: location.hostname, credentialId: off.dataset.credentialUrl }).catch(() => {});
  });
}
