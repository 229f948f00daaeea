/*
 * What pages that use WebAuthn share: the options as the server writes them (Base64 URL) made into bytes, and an
 * authenticator's answer made into what the server verifies.
 */

import { base64Of } from "./jpki.js";

export const bytes = (base64) => Uint8Array.from(atob(base64.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
export const urlBase64 = (buffer) => base64Of(new Uint8Array(buffer)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** Return what the server verifies. The extensions' results, and with them the PRF secret, are not in it. */
export function toldOf(credential, ...names) {
  const response = { clientDataJSON: urlBase64(credential.response.clientDataJSON) };
  for (const name of names) if (credential.response[name]) response[name] = urlBase64(credential.response[name]);
  return { id: credential.id, rawId: urlBase64(credential.rawId), type: credential.type, response };
}

const described = (credentials = []) => credentials.map((one) => ({ ...one, id: bytes(one.id) }));

/** Have an authenticator make a credential; return what the server verifies. */
export async function create(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: described(options.excludeCredentials),
    },
  });
  return toldOf(made, "attestationObject");
}

/** Have an authenticator answer; return what the server verifies. */
export async function get(options) {
  const answered = await navigator.credentials.get({
    publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: described(options.allowCredentials) },
  });
  return toldOf(answered, "authenticatorData", "signature", "userHandle");
}
