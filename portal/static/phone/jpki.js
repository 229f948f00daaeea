/*
 * The JPKI application on a card or in the phone's secure element, spoken to by APDU.
 *
 * A page reaches the chip through a device bridge: one POST is one powered session, and what the
 * chip remembers (selected application, verified password) is gone when it ends. So each function
 * here sends everything that belongs together in one array. Passwords go to the chip and to nobody
 * else; this module keeps none.
 *
 * Commands: docs of the application are in tsm/jpki.py, which builds the same bytes on the server's side.
 */

const APPLICATION = "D392F000260100000001";

/* Files of the application: the secret that opens, the key that signs, the certificate that tells who. */
const FILES = {
  signature: { secret: "001B", key: "001A", certificate: "0001" },
  user_authentication: { secret: "0018", key: "0017", certificate: "000A" },
};

const DIGEST_INFO_SHA256 = "3031300D060960864801650304020105000420";
const READ_SIZE = 256;
const LARGEST_CERTIFICATE = 4096;
const SECRET_STATES = ["not_set", "set", "blocked"];

export const SIGNATURE = "signature";
export const USER_AUTHENTICATION = "user_authentication";

/**
 * What went wrong at the chip or on the way to it.
 *
 * code: password_wrong (triesLeft), password_blocked, password_not_set, password_format,
 * application_missing, certificate_missing, key_missing, not_allowed, device_unreachable,
 * device_refused (statusWord), insecure_context, or the code of the bridge's own problem (problem).
 */
export class JpkiError extends Error {
  constructor(code, { triesLeft = null, statusWord = null, problem = null, step = null } = {}) {
    super(statusWord ? `${code} (${statusWord}${step ? ` at ${step}` : ""})` : code);
    this.name = "JpkiError";
    this.code = code;
    this.triesLeft = triesLeft;
    this.statusWord = statusWord;
    this.problem = problem;
  }
}

// --- bytes ---------------------------------------------------------------------------------------

export function hexOf(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("").toUpperCase();
}

export function bytesOf(hex) {
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

export function base64Of(bytes) {
  let characters = "";
  for (const byte of bytes) characters += String.fromCharCode(byte);
  return btoa(characters);
}

/** Return the UTF-8 bytes of a text: what is signed is exactly the text that is shown. */
export function utf8(text) {
  return new TextEncoder().encode(text);
}

export async function sha256(bytes) {
  // crypto.subtle exists on https and on localhost only.
  if (!globalThis.crypto?.subtle) throw new JpkiError("insecure_context");
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

// --- commands ------------------------------------------------------------------------------------

function command(header, data = "", le = "") {
  const lc = data ? (data.length / 2).toString(16).padStart(2, "0").toUpperCase() : "";
  return `${header}${lc}${data}${le}`;
}

const selectApplication = () => ({ name: "select application", apdu: command("00A4040C", APPLICATION) });
const selectFile = (file, name = "select file") => ({ name, apdu: command("00A4020C", file) });
const secretBytes = (secret) => hexOf(utf8(secret));
const verify = (secret) => ({ name: "verify", apdu: command("00200080", secretBytes(secret)) });
const triesLeftQuery = () => ({ name: "tries left", apdu: "00200080" });
const changeSecret = (secret) => ({ name: "set password", apdu: command("00240180", secretBytes(secret)) });
const sign = (digest) => ({ name: "sign", apdu: command("802A0080", DIGEST_INFO_SHA256 + hexOf(digest), "00") });
const statusQuery = () => ({ name: "status", apdu: "80CADF4000" });

function readWholeFile() {
  // Reading past the end answers 6B00 and the bridge stops there: that is the end of the list, not an error.
  const reads = [];
  for (let offset = 0; offset < LARGEST_CERTIFICATE; offset += READ_SIZE) {
    reads.push({ name: "read", apdu: `00B0${offset.toString(16).padStart(4, "0").toUpperCase()}00` });
  }
  return reads;
}

// --- the bridge ----------------------------------------------------------------------------------

export function csrfToken() {
  // Over TLS its name says that it is this host's alone.
  const cookie = /(?:^|; )(?:__Host-)?jpki_csrf=([^;]*)/.exec(document.cookie);
  return cookie ? decodeURIComponent(cookie[1]) : "";
}

/** Return the headers of a POST of JSON to `url`; the CSRF token goes to this site only. */
export function jsonHeaders(url) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  if (new URL(url, location.href).origin === location.origin) headers["X-CSRFToken"] = csrfToken();
  return headers;
}

/**
 * Play commands (hex) to the chip in one powered session and return its answers (hex, status word last).
 * The bridge stops after the first answer that is an error, so there may be fewer answers than commands.
 */
export async function transmit(url, commands, { keepGoing = false } = {}) {
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      credentials: "same-origin",
      headers: jsonHeaders(url),
      body: JSON.stringify(keepGoing ? { commands, keep_going: true } : { commands }),
    });
  } catch {
    throw new JpkiError("device_unreachable");
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => null);
    throw new JpkiError(problem?.code ?? "device_unreachable", { problem });
  }
  return (await response.json()).answers;
}

function failure(step, statusWord) {
  const details = { statusWord, step };
  if (step === "verify" || step === "set password") {
    if (/^63C[1-9A-F]$/.test(statusWord)) {
      return new JpkiError("password_wrong", { ...details, triesLeft: Number.parseInt(statusWord[3], 16) });
    }
    if (statusWord === "63C0") return new JpkiError("password_blocked", { ...details, triesLeft: 0 });
    if (statusWord === "6984" || statusWord === "6983") return new JpkiError("password_blocked", { ...details, triesLeft: 0 });
    if (["6A80", "6700"].includes(statusWord)) return new JpkiError("password_format", details);
  }
  if (step === "select application" && statusWord === "6A82") return new JpkiError("application_missing", details);
  if (step === "select certificate" || step === "read") return new JpkiError("certificate_missing", details);
  if (step === "select key" || (step === "sign" && statusWord === "6A88")) return new JpkiError("key_missing", details);
  if (statusWord === "6982" || statusWord === "6985") return new JpkiError("not_allowed", details);
  return new JpkiError("device_refused", details);
}

/** Play named steps; return the data of each answer, as bytes. Reads may end early, anything else must succeed. */
async function play(url, steps) {
  const answers = await transmit(url, steps.map((step) => step.apdu));
  const data = [];
  for (const [index, step] of steps.entries()) {
    const answer = (answers[index] ?? "").toUpperCase();
    const statusWord = answer.slice(-4);
    const afterFirstRead = step.name === "read" && steps[index - 1]?.name === "read";
    if (afterFirstRead && statusWord !== "9000" && statusWord !== "6282") break;
    if (statusWord !== "9000" && statusWord !== "6282") throw failure(step.name, statusWord || "none");
    data.push(bytesOf(answer.slice(0, -4)));
  }
  return data;
}

/** Return the DER object at the start of the pieces, without the padding that follows it in the file. */
function derOf(pieces) {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  if (bytes.length < 4 || bytes[0] !== 0x30 || bytes[1] !== 0x82) throw new JpkiError("certificate_missing");
  const length = 4 + bytes[2] * 256 + bytes[3];
  if (bytes.length < length) throw new JpkiError("certificate_missing");
  return bytes.slice(0, length);
}

async function openSession(url, purpose, secret, steps) {
  const files = FILES[purpose];
  try {
    return await play(url, [
      selectApplication(),
      selectFile(files.secret, "select password"),
      verify(secret),
      ...steps,
    ]);
  } catch (error) {
    // No certificate, and a phone's password that was never set, answer like a blocked password: ask which it is.
    if (error instanceof JpkiError && error.statusWord === "6984") {
      const known = await status(url).catch(() => null);
      if (known?.[purpose].state === "not_set") throw new JpkiError("password_not_set", { statusWord: "6984" });
      if (known?.certificates?.[purpose] === false) throw new JpkiError("certificate_missing", { statusWord: "6984" });
    }
    throw error;
  }
}

const OPENING = 3; // select application, select password, verify

/** Return the certificate (DER) of one purpose, read after its password. */
export async function readCertificate(url, purpose, secret) {
  const steps = [selectFile(FILES[purpose].certificate, "select certificate"), ...readWholeFile()];
  return derOf((await openSession(url, purpose, secret, steps)).slice(OPENING + 1));
}

/** Return the signature (PKCS#1 v1.5, SHA-256, 256 bytes) over `message` by the key of one purpose. */
export async function signMessage(url, purpose, secret, message) {
  const digest = await sha256(message);
  const data = await openSession(url, purpose, secret, [selectFile(FILES[purpose].key, "select key"), sign(digest)]);
  return data[OPENING + 1];
}

/** Return {signature, certificate}: both in one session, so that the password is verified once. */
export async function signAndReadCertificate(url, purpose, secret, message) {
  const digest = await sha256(message);
  const data = await openSession(url, purpose, secret, [
    selectFile(FILES[purpose].key, "select key"),
    sign(digest),
    selectFile(FILES[purpose].certificate, "select certificate"),
    ...readWholeFile(),
  ]);
  return { signature: data[OPENING + 1], certificate: derOf(data.slice(OPENING + 3)) };
}

/** Return the card's signature certificate (DER). */
export function readCardSignatureCertificate(url, password) {
  return readCertificate(url, SIGNATURE, password);
}

/** Return the signature by the card's signature key. */
export function signWithCard(url, password, message) {
  return signMessage(url, SIGNATURE, password, message);
}

/** Return a certificate (DER) of the phone. On the phone both need their password, unlike on the card. */
export function readPhoneCertificate(url, purpose, secret) {
  return readCertificate(url, purpose, secret);
}

/** Return the signature by one of the phone's keys. */
export function signWithPhone(url, purpose, secret, message) {
  return signMessage(url, purpose, secret, message);
}

/**
 * Return what the application says of itself without a password:
 * {keys (null on a card), certificates: {signature, user_authentication},
 *  signature: {state, triesLeft}, user_authentication: {state, triesLeft}}; state: not_set, set, blocked.
 */
export async function status(url) {
  const answers = await transmit(url, [selectApplication().apdu, statusQuery().apdu]);
  if (!answers[0]?.endsWith("9000")) throw failure("select application", answers[0]?.slice(-4) ?? "none");
  const answer = answers[1] ?? "";
  if (!answer.endsWith("9000")) return cardStatus(url);
  let data = bytesOf(answer.slice(0, -4));
  if (data.length > 5) data = data.slice(data.length - 5); // after tag and length DF40 05
  const [keys, certificates, authenticationState, signatureState, tries] = data;
  const bits = (value) => ({ user_authentication: Boolean(value & 1), signature: Boolean(value & 2) });
  return {
    keys: bits(keys),
    certificates: bits(certificates),
    signature: { state: SECRET_STATES[signatureState], triesLeft: tries & 0x0f },
    user_authentication: { state: SECRET_STATES[authenticationState], triesLeft: tries >> 4 },
  };
}

/** The same of a card, which has no status command: EF 0008 tells the certificates, empty VERIFYs the tries. */
async function cardStatus(url) {
  const ask = async (...steps) => (await transmit(url, [selectApplication(), ...steps].map((step) => step.apdu))).at(-1) ?? "";
  const present = await ask(selectFile("0008"), { name: "read", apdu: "00B0000003" });
  const tries = async (purpose) => {
    const left = Number.parseInt((await ask(selectFile(FILES[purpose].secret), triesLeftQuery())).slice(-1), 16) || 0;
    return { state: left > 0 ? "set" : "blocked", triesLeft: left };
  };
  return {
    keys: null,
    certificates: { signature: present.startsWith("8F"), user_authentication: present.slice(2).startsWith("8F") },
    signature: await tries(SIGNATURE),
    user_authentication: await tries(USER_AUTHENTICATION),
  };
}

/**
 * Set both passwords of the phone, straight into the element.
 * One that was set by an attempt that broke off is verified instead, so the same two can be typed again.
 */
export async function setPasswords(url, { signaturePassword, authenticationPin }) {
  const known = await status(url);
  const secrets = [[SIGNATURE, signaturePassword], [USER_AUTHENTICATION, authenticationPin]];
  if (secrets.some(([purpose]) => known[purpose].state === "blocked")) {
    throw new JpkiError("password_blocked", { triesLeft: 0 });
  }
  const steps = [selectApplication()];
  // Settings before verifications: while one of the two is not set, the application verifies neither.
  for (const [wanted, build] of [[true, changeSecret], [false, verify]]) {
    for (const [purpose, secret] of secrets) {
      if ((known[purpose].state === "not_set") !== wanted) continue;
      steps.push(selectFile(FILES[purpose].secret, "select password"), build(secret));
    }
  }
  await play(url, steps);
}

/** Change a password of the phone with the old one, straight in the element. */
export async function changePassword(url, purpose, old, fresh) {
  await openSession(url, purpose, old, [changeSecret(fresh)]);
}

/** Set a password of the phone that is "not set", as it is after it was unblocked. */
export async function setPassword(url, purpose, fresh) {
  await play(url, [selectApplication(), selectFile(FILES[purpose].secret, "select password"), changeSecret(fresh)]);
}
