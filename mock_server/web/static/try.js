// "Try it": sends what the form says from this page to the mock itself, and shows what came back, untouched.
import { toast } from "./act.js";

export function offer() {
  const find = document.querySelector("[data-find]");
  find?.addEventListener("input", () => narrow(find));
  const form = document.getElementById("try");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

// Hides what does not fit while somebody types; the form around it asks the server.
function narrow(find) {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of document.querySelectorAll(`#${find.dataset.find} > *`)) {
    const text = item.textContent.toLowerCase();
    item.hidden = !words.every((word) => text.includes(word));
  }
}

async function send(form) {
  const url = new URL(target(form), location.href);
  if (url.origin !== location.origin) {
    toast("the form leads away from this mock", "bad");
    return;
  }
  const method = form.dataset.method;
  const headers = new Headers();
  const query = [];
  for (const field of form.querySelectorAll("[data-in]")) {
    if (field.value === "") continue;
    if (field.dataset.in === "header") set(headers, field.name, field.value);
    if (field.dataset.in === "query") query.push(`${encodeURIComponent(field.name)}=${encodeURIComponent(field.value)}`);
  }
  const raw = form.elements.querystring?.value;
  if (raw) query.push(raw);
  if (query.length) url.search = query.join("&");
  if (form.elements.token?.value) set(headers, "Authorization", `Bearer ${form.elements.token.value}`);
  if (form.elements.prefer?.value) set(headers, "Prefer", form.elements.prefer.value);
  set(headers, "Mock-Session", form.dataset.session);
  let body;
  if (form.elements.body && !["GET", "HEAD"].includes(method) && form.elements.body.value !== "") {
    body = form.elements.body.value;
    const type = form.elements.contentType.value;
    if (/^multipart\//i.test(type)) body = body.replace(/\r?\n/g, "\r\n"); // a text field ends its lines with LF alone
    if (type) set(headers, "Content-Type", type);
  }
  const began = performance.now();
  let answer;
  let text;
  try {
    answer = await fetch(url, { method, headers, body, credentials: "omit", cache: "no-store" });
    text = await answer.text();
  } catch (error) {
    if (["TRACE", "CONNECT", "TRACK"].includes(method)) {
      show(form, `No page may send ${method}: ask with curl -X ${method}.`, [], "", null);
      return;
    }
    show(form, `No answer came: ${error.message.replace(/\.+$/, "")}. A fault may have broken it; the journal says so.`, [], "", null);
    return;
  }
  const took = Math.round(performance.now() - began);
  show(form, `${answer.status} ${answer.statusText} in ${took} ms`, [...answer.headers], text, answer.headers.get("Mock-Entry"));
}

function set(headers, name, value) {
  try {
    headers.set(name, value);
  } catch {
    toast(`${name}: this value cannot be sent in a header`, "bad");
  }
}

function target(form) {
  return form.dataset.target.replace(/\{([^{}]*)\}/g, (whole, name) => {
    const field = [...form.querySelectorAll('[data-in="path"]')].find((each) => each.name === name);
    return field ? encodeURIComponent(field.value) : whole;
  });
}

function show(form, line, headers, text, entry) {
  const node = document.getElementById("try-answer");
  node.hidden = false;
  node.querySelector("[data-line]").textContent = line;
  node.querySelector("[data-headers]").textContent = headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  node.querySelector("[data-text]").textContent = text;
  const link = node.querySelector("a");
  link.hidden = !entry;
  if (entry) link.href = `${document.documentElement.dataset.root}/console/requests/${encodeURIComponent(entry)}`;
  node.focus();
}
