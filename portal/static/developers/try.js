// The form on an operation's page: sends the request for real, to this site alone, and shows what comes.
// Token and key stay in their fields: they are written nowhere, and the token goes into the request's header alone.

// What this API says in headers; the rest is about pages.
const TOLD = /^(api-version|cache-control|content-type|deprecation|idempotency-replayed|link|location|ratelimit.*|retry-after|sunset)$/;

const section = document.querySelector("[data-try]");
const form = section.querySelector("[data-form]");
const answer = section.querySelector("[data-answer]");
const failed = section.querySelector("[data-failed]");

section.hidden = false;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  answer.hidden = true;
  failed.hidden = true;
  try {
    show(await fetch(...request()));
  } catch (error) {
    console.error(error);
    failed.hidden = false;
  }
});

// A token for a key: the assertion is signed here, and the key goes nowhere.
form.querySelector("[data-exchange]")?.addEventListener("click", async () => {
  failed.hidden = true;
  try {
    const assertion = await signed();
    const response = await fetch("/api/v1/token", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        grant_type: "client_credentials",
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: assertion,
      }),
      credentials: "omit",
      cache: "no-store",
    });
    if (!response.ok) return await show(response);
    const field = form.querySelector("[data-token]");
    field.value = (await response.json()).access_token;
    field.focus();
  } catch (error) {
    console.error(error);
    failed.hidden = false;
  }
});

// RFC 7523 2.2, with ES256 (RFC 7518 3.4).
async function signed() {
  const [client, kid, pem] = ["client", "kid", "key"].map((name) => form.querySelector(`[data-${name}]`).value.trim());
  const der = Uint8Array.from(atob(pem.replace(/-----[^-]+-----|\s/g, "")), (character) => character.charCodeAt(0));
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: client, sub: client, aud: section.dataset.audience, iat: now, exp: now + 60, jti: crypto.randomUUID(),
  };
  const text = [{ alg: "ES256", kid, typ: "JWT" }, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join(".");
  return `${text}.${base64url(new Uint8Array(await crypto.subtle.sign(algorithm, key, utf8(text))))}`;
}

function utf8(text) {
  return new TextEncoder().encode(text);
}

function base64url(octets) {
  return btoa(String.fromCharCode(...octets)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function request() {
  const headers = {};
  const query = new URLSearchParams();
  let path = section.dataset.path;
  for (const field of form.querySelectorAll("[data-place]")) {
    const { place, name } = field.dataset;
    const value = field.value.trim();
    if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (place === "query" && value) query.set(name, value);
    else if (place === "header" && value) headers[name] = value;
  }
  const token = form.querySelector("[data-token]")?.value.trim();
  if (token) headers.Authorization = `Bearer ${token}`;
  const options = { method: section.dataset.method, headers, credentials: "omit", cache: "no-store" };
  const body = form.querySelector("[data-body]");
  if (body) {
    headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(JSON.parse(body.value));
  }
  return [query.size ? `${path}?${query}` : path, options];
}

async function show(response) {
  const text = await response.text();
  const kind = response.headers.get("Content-Type") ?? "";
  section.querySelector("[data-status]").textContent = `${response.status} ${response.statusText}`;
  section.querySelector("[data-headers]").textContent = [...response.headers]
    .filter(([name]) => TOLD.test(name))
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
  section.querySelector("[data-content]").textContent = kind.includes("json")
    ? JSON.stringify(JSON.parse(text), null, 2)
    : text;
  answer.hidden = false;
  answer.focus();
}
