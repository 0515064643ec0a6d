// What buttons and forms do: one call of the control API each, written on the element as "POST /__mock/clock".
import { refresh } from "./live.js";

const TOAST_MS = 6000;

export function listen() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("now" in button.dataset) send(button, `POST ${root()}/clock`, JSON.stringify({ freeze: false, set: Date.now() / 1000 }));
    else if (!button.dataset.act && !button.dataset.copy) return;
    else if (button.dataset.copy) copy(document.getElementById(button.dataset.copy).textContent);
    else if (!button.dataset.sure || window.confirm(button.dataset.sure)) send(button, button.dataset.act, button.dataset.body);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.act) return;
    event.preventDefault();
    try {
      send(form, form.dataset.act, JSON.stringify(bodyOf(form)));
    } catch (error) {
      toast(`this cannot be sent: ${error.message}`, "bad");
    }
  });
  for (const form of document.querySelectorAll("[data-filter]")) {
    form.addEventListener("change", () => form.requestSubmit());
  }
  document.addEventListener("keydown", move);
}

// Up and down go through a list of rows; "/" goes to the filter.
function move(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  if (event.key === "/") {
    const field = document.querySelector("input[type=search]");
    if (field) {
      event.preventDefault();
      field.focus();
    }
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
  const rows = [...document.querySelectorAll(".rows a")];
  if (!step || !rows.length) return;
  const at = rows.indexOf(document.activeElement);
  if (at < 0 && event.key.startsWith("Arrow")) return; // the page scrolls
  event.preventDefault();
  rows[Math.max(0, Math.min(rows.length - 1, at + step))].focus();
}

// {"advance": 300} of <input name="advance" data-type="number" value="300">; empty fields are left out.
function read(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || (field.type === "checkbox" && !field.checked) || field.value === "") continue;
    const value = { number: Number, json: JSON.parse, seconds: (text) => Date.parse(`${text}Z`) / 1000 }[field.dataset.type];
    body[field.name] = value ? value(field.value) : field.value;
  }
  return body;
}

// Where a list is put as a whole, what is new is sent with what the page shows of it.
function bodyOf(form) {
  const body = read(form);
  const list = form.dataset.append;
  if (!list) return body;
  return { [list]: [...JSON.parse(document.getElementById(form.dataset.from).dataset[list]), body] };
}

function root() {
  return document.documentElement.dataset.root;
}

async function send(node, call, body) {
  const [method, path] = call.split(" ");
  if (!path.startsWith(`${root()}/`)) return;
  node.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(path, { method, body: method === "GET" ? undefined : body || "{}", headers: { "Content-Type": "application/json" } });
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) {
      toast(node.dataset.say || "done", "good");
      if ("reload" in node.dataset) location.reload(); // another world
    } else {
      toast(told.detail || `the mock answered ${answer.status}`, "bad");
    }
  } catch (error) {
    toast(`the mock cannot be reached: ${error.message}`, "bad");
  } finally {
    node.removeAttribute("aria-busy");
  }
  await refresh();
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("copied", "good");
  } catch {
    toast("the browser does not let this page copy; select the text", "bad");
  }
}

export function toast(text, mood) {
  const node = document.createElement("p");
  node.className = `toast ${mood}`;
  node.textContent = `${mood === "bad" ? "▲" : "●"} ${text}`;
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), TOAST_MS);
}
