// Keeps the page as the server would render it now. The server's HTML is the only template: when something changed
// that a region shows, the page is fetched again and the regions that differ are put in place.
import { setClock } from "./clock.js";

const GAP_MS = 250; // at most so often
const HIDDEN_MS = 10000; // a window nobody sees gives its connection back: browsers have six for one host
const shown = new Map(); // id of a region -> the server's HTML of it
let source = null;
let paused = false;
let missed = 0;
let busy = false;
let again = false;
let last = 0;

export function watch() {
  for (const region of regions(document)) shown.set(region.id, region.innerHTML);
  connect();
  let timer = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(disconnect, HIDDEN_MS);
    else if (!source) connect();
  });
  document.addEventListener("mock-time-is-up", () => setTimeout(refresh, 300));
  document.getElementById("pause")?.addEventListener("click", pause);
}

function connect() {
  source = new EventSource(`${document.documentElement.dataset.root}/events`);
  source.addEventListener("hello", () => {
    lamp("live", "live");
    refresh();
  });
  source.addEventListener("change", (event) => hear(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    lamp("lost", source?.readyState === EventSource.CLOSED ? "not live: reload the page" : "connection lost, trying again");
  });
}

function disconnect() {
  source?.close();
  source = null;
  lamp("", "asleep");
}

function lamp(state, text) {
  const node = document.getElementById("link");
  if (!node) return;
  node.className = `link ${state}`;
  document.getElementById("link-text").textContent = text;
}

function hear(change) {
  if (paused) {
    missed += change.entries.filter((each) => !isShown(each.id)).length; // the page may have come before its news
    label();
    return;
  }
  const wanted = regions(document).some((each) => (each.dataset.on || "").split(" ").some((part) => change.parts.includes(part)));
  if (wanted) refresh();
}

function isShown(id) {
  return document.querySelector(`[data-keyed] > [data-id="${CSS.escape(id)}"]`) !== null;
}

function pause() {
  paused = !paused;
  missed = 0;
  label();
  if (!paused) refresh();
}

function label() {
  const button = document.getElementById("pause");
  if (!button) return;
  button.setAttribute("aria-pressed", String(paused));
  button.textContent = paused ? (missed ? `Resume (${missed} new)` : "Resume") : "Pause";
}

// Fetches the page as it is now. Calls that come meanwhile become one more fetch.
export async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    do {
      again = false;
      const wait = last + GAP_MS - performance.now();
      if (wait > 0) await new Promise((done) => setTimeout(done, wait));
      last = performance.now();
      await fetchPage();
    } while (again);
  } finally {
    busy = false;
  }
}

async function fetchPage() {
  let answer;
  try {
    answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  } catch {
    return; // the lamp says so, and the next event tries again
  }
  if (answer.redirected) location.reload(); // to the form that asks for the token
  if (!(answer.headers.get("Content-Type") || "").startsWith("text/html")) {
    lamp("lost", `the mock answers ${answer.status}`); // its store is away, or it failed
    return;
  }
  if (source?.readyState === EventSource.OPEN) lamp("live", "live");
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const region of regions(fresh)) {
    const old = document.getElementById(region.id);
    if (!old || (paused && region.id !== "strip")) continue;
    for (const name of Object.keys(region.dataset)) old.dataset[name] = region.dataset[name];
    if (shown.get(region.id) === region.innerHTML) continue;
    shown.set(region.id, region.innerHTML);
    put(old, region);
  }
  setClock();
}

function put(old, fresh) {
  const focused = old.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  const around = document.activeElement.closest("[id]")?.id;
  const open = [...old.querySelectorAll("details[open][id]")].map((each) => each.id);
  const typed = [...old.querySelectorAll("input[id], textarea[id], select[id]")].filter(changed).map((each) => [each.id, each.value]);
  const list = old.querySelector("[data-keyed]");
  const next = fresh.querySelector("[data-keyed]");
  if (list && next) reconcile(list, next);
  const kept = list && next ? list : null;
  const nodes = [...fresh.childNodes];
  old.replaceChildren(...nodes);
  if (kept) next.replaceWith(kept);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  for (const [id, value] of typed) {
    const field = document.getElementById(id);
    if (field) field.value = value;
  }
  if (focused) focusAgain(old, focused, around);
}

// On the element that had the focus; when there is none any more, as after "Approve", on what it stood in.
function focusAgain(region, key, around) {
  const same = [...region.querySelectorAll("a, button, input, select, textarea, summary, [tabindex]")].find((each) => keyOf(each) === key);
  const node = same || document.getElementById(around) || region;
  if (!same) node.tabIndex = -1;
  node.focus({ preventScroll: true });
}

function changed(field) {
  return field.tagName === "SELECT" ? [...field.options].some((each) => each.selected !== each.defaultSelected) : field.value !== field.defaultValue;
}

// A list whose items have ids: those that are the same stay the same nodes.
function reconcile(list, next) {
  const known = new Map([...list.children].map((each) => [each.dataset.id, each]));
  const had = known.size > 0;
  const items = [...next.children].map((each) => {
    const old = known.get(each.dataset.id);
    if (old?.innerHTML === each.innerHTML) return old;
    if (had && !old) each.classList.add("fresh");
    return each;
  });
  list.replaceChildren(...items);
}

function keyOf(node) {
  return [node.tagName, node.id, node.getAttribute("href"), node.dataset.act, node.dataset.body, node.getAttribute("name"), node.dataset.act ? "" : node.textContent.trim().slice(0, 80)].join("|");
}

function regions(root) {
  return [...root.querySelectorAll("[data-region]")];
}
