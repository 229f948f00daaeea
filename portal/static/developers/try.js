// The form on an operation's page: sends the request for real, to this site alone, and shows what comes.
// The token stays in its field: it is written nowhere, and goes into the Authorization header of the request.

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
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
  section.querySelector("[data-content]").textContent = kind.includes("json")
    ? JSON.stringify(JSON.parse(text), null, 2)
    : text;
  answer.hidden = false;
  answer.focus();
}
