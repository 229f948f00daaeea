/*
 * The phone's screen lock in place of the authentication PIN: one gesture gives the PIN to the page, which gives it to
 * the chip. Never for the signature password.
 *
 *   {% load screen_lock %}{% screen_lock_button phone %}        in the template, before the form that asks for the PIN
 *
 *   import { offerScreenLock } from "../phone/screen_lock.js";
 *   const lock = offerScreenLock(form, { deviceUrl, aliases, work: (pin) => … });
 *   await lock?.pinTyped(pin);                                  after a PIN that was typed has proved right
 *   await lock?.forget("pin_changed");                          when the page changed the PIN
 *
 * The PIN is sealed (AES-GCM) under a key that HKDF makes of the authenticator's PRF secret and of the server's share.
 * The secret is never sent anywhere; the share comes after the server has verified the gesture. What is kept here,
 * sealed, is in localStorage under the phone's reference. Set up by screen_lock_page.js.
 */

import { JpkiError, USER_AUTHENTICATION, base64Of, signWithPhone, status, utf8 } from "./jpki.js";
import { ApiError, busy, call, hideProblem, showProblem } from "./page.js";
import { API, erase, forgetPin, keep, kept } from "./sealed.js";
import { bytes, toldOf } from "./webauthn.js";

const INFO = utf8("JPKI screen lock 1");
const HOUR = 3_600_000;
// The chip blocks after the third: the last try is not spent on a PIN that nobody typed.
const FEWEST_TRIES = 2;

/** Something about the screen lock, with its sentence for the citizen. Codes: the data-code of screen_lock/button.html. */
export class ScreenLockError extends ApiError {
  constructor(code, values = {}) {
    const found = document.getElementById("screen-lock-sentences")?.content.querySelector(`[data-code="${CSS.escape(code)}"]`);
    const told = (found?.textContent ?? code).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
    super({ code, citizen: { ja: told, en: told } });
  }
}

// --- the authenticator -------------------------------------------------------------------------------

/** Tell whether this browser could have such an authenticator at all. */
export async function available() {
  return Boolean(globalThis.crypto?.subtle && globalThis.PublicKeyCredential
    && await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable());
}

async function gesture(ask) {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof DOMException) throw new ScreenLockError("screen_lock_gesture_refused");
    throw error;
  }
}

/** Return a new credential of the authenticator, with the PRF secret where it gave it at once (else null). */
export async function create(options, salt) {
  const credential = await gesture(() => navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      extensions: { prf: { eval: { first: bytes(salt) } } },
    },
  }));
  const { prf } = credential.getClientExtensionResults();
  if (!prf?.enabled) {
    // It can't do what is needed: it need not keep what it made for us.
    await PublicKeyCredential.signalUnknownCredential?.({ rpId: options.rp.id, credentialId: credential.id }).catch(() => {});
    throw new ScreenLockError("screen_lock_prf_missing");
  }
  return { told: toldOf(credential, "attestationObject"), secret: prf.results?.first ?? null };
}

/** Have the citizen make the gesture; return {share, secret}, both halves of the sealing key. */
export async function unlock() {
  const { options, salt } = await call(`${API}/ask`, {});
  const credential = await gesture(() => navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: options.allowCredentials.map((one) => ({ ...one, id: bytes(one.id) })),
      extensions: { prf: { eval: { first: bytes(salt) } } },
    },
  }));
  const secret = credential.getClientExtensionResults().prf?.results?.first;
  if (!secret) throw new ScreenLockError("screen_lock_prf_missing");
  const { share } = await call(`${API}/unlock`, { credential: toldOf(credential, "authenticatorData", "signature", "userHandle") });
  return { share, secret };
}

// --- sealing -----------------------------------------------------------------------------------------

async function sealingKey({ share, secret }) {
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: bytes(share), info: INFO };
  return crypto.subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

const bound = (phone, credential) => utf8(`${phone}\n${credential}`);

/** Seal a PIN that has proved right, and keep it in this browser. */
export async function seal(phone, credential, halves, pin) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const how = { name: "AES-GCM", iv, additionalData: bound(phone, credential) };
  const sealed = await crypto.subtle.encrypt(how, await sealingKey(halves), utf8(pin));
  keep(phone, { credential, iv: base64Of(iv), sealed: base64Of(new Uint8Array(sealed)), typedAt: Date.now() });
}

async function unseal(phone, record, halves) {
  const how = { name: "AES-GCM", iv: bytes(record.iv), additionalData: bound(phone, record.credential) };
  return new TextDecoder().decode(await crypto.subtle.decrypt(how, await sealingKey(halves), bytes(record.sealed)));
}

// --- for pages that ask for the PIN --------------------------------------------------------------------

class Lock {
  constructor(root, form, { deviceUrl, work, aliases = {} }) {
    Object.assign(this, { root, form, deviceUrl, work, aliases });
    this.phone = root.dataset.phone;
    this.button = root.querySelector("button");
    this.button.addEventListener("click", () => this.press());
    this.show();
  }

  /** "ready", "due" (the PIN is asked for this time), "gone" (turned off since), "none" (nothing sealed here). */
  get state() {
    const record = kept(this.phone);
    if (!record) return "none";
    if (record.credential !== this.root.dataset.credential) return "gone";
    if ("due" in this.root.dataset) return "due";
    const since = Date.now() - record.typedAt;
    // A clock that was set back doesn't make the time longer.
    return since >= 0 && since < Number(this.root.dataset.hours) * HOUR ? "ready" : "due";
  }

  show() {
    const { state } = this;
    this.root.hidden = state === "none";
    this.button.hidden = state !== "ready";
    for (const note of this.root.querySelectorAll("[data-state]")) note.hidden = note.dataset.state !== state;
    if (state === "gone") erase(this.phone);
  }

  async press() {
    if (this.form.getAttribute("aria-busy") === "true") return;
    hideProblem();
    busy(this.form, "answering");
    this.button.setAttribute("aria-disabled", "true");
    try {
      await this.work(await this.open());
    } catch (error) {
      const told = await this.judge(error);
      this.show();
      busy(this.form, null);
      showProblem(told, this.aliases);
    } finally {
      this.button.removeAttribute("aria-disabled");
    }
  }

  /** Return the PIN after one gesture. */
  async open() {
    const { user_authentication: pin } = await status(this.deviceUrl);
    if (pin.state === "not_set") throw new JpkiError("password_not_set");
    if (pin.state === "blocked") throw new JpkiError("password_blocked", { triesLeft: 0 });
    if (pin.triesLeft < FEWEST_TRIES) throw new ScreenLockError("screen_lock_last_try");
    const record = kept(this.phone);
    const halves = await unlock();
    try {
      return await unseal(this.phone, record, halves);
    } catch {
      await this.forget("pin_changed");
      throw new ScreenLockError("screen_lock_broken");
    }
  }

  /** Return what is told of an error; a sealed PIN that the chip didn't take is deleted. */
  async judge(error) {
    const sealedIsWrong = error instanceof JpkiError && ["password_wrong", "password_blocked", "password_not_set"].includes(error.code);
    if (sealedIsWrong) {
      await this.forget("pin_changed");
      const code = { password_wrong: "screen_lock_pin_changed", password_blocked: "screen_lock_pin_blocked" }[error.code];
      return new ScreenLockError(code ?? "screen_lock_pin_unset", { tries: error.triesLeft });
    }
    if (["screen_lock_missing", "screen_lock_stale"].includes(error.code)) erase(this.phone);
    return error;
  }

  /** Delete what is sealed here, and the credential at the server. */
  async forget(reason) {
    await forgetPin(this.phone, reason);
  }

  /** Tell that the PIN itself was typed and right: it isn't asked for again for a while. Never fails. */
  async pinTyped(pin) {
    if (this.state !== "ready" && this.state !== "due") return;
    try {
      const { text } = await call(`${API}/proof-text`, { use: "typed" });
      const signature = await signWithPhone(this.deviceUrl, USER_AUTHENTICATION, pin, utf8(text));
      await call(`${API}/typed`, { text, signature: base64Of(signature), typed: true });
      this.renew();
    } catch {
      // The PIN is asked for again a little sooner, that is all.
    }
  }

  /** Note here that the PIN was typed just now, where the server knows already. */
  renew() {
    delete this.root.dataset.due;
    const record = kept(this.phone);
    if (record) keep(this.phone, { ...record, typedAt: Date.now() });
  }
}

/** Offer the gesture on a page that asks for the PIN; null where the phone has no screen lock set up. */
export function offerScreenLock(form, how) {
  const root = document.getElementById("screen-lock");
  return root ? new Lock(root, form, how) : null;
}
