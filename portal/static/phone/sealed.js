/* The sealed PIN as this browser keeps it, for pages that end it; what seals and opens it is screen_lock.js. */

import { call } from "./page.js";

export const API = "/phone/screen-lock/api";
const place = (phone) => `jpki.screen-lock.${phone}`;

/** Return what is kept for a phone, or null. */
export function kept(phone) {
  try {
    return JSON.parse(localStorage.getItem(place(phone)));
  } catch {
    return null;
  }
}

export function keep(phone, record) {
  localStorage.setItem(place(phone), JSON.stringify(record));
}

/** Delete what is sealed for a phone in this browser. */
export function erase(phone) {
  localStorage.removeItem(place(phone));
}

/** Delete a phone's sealed PIN and its credential: the PIN was changed. Return whether there was one. Never fails. */
export async function forgetPin(phone, reason = "pin_changed") {
  const here = Boolean(kept(phone));
  erase(phone);
  const { off } = await call(`${API}/off`, { reason }).catch(() => ({ off: here }));
  return off;
}
