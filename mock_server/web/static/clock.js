// The mock's clock on the page. It goes on by itself between two looks, unless it is frozen.

let now = 0;
let frozen = false;
let at = 0;

export function mockNow() {
  return frozen ? now : now + (performance.now() - at) / 1000;
}

// Reads the strip again; after every look at the server.
export function setClock() {
  const strip = document.getElementById("strip");
  if (!strip) return;
  now = Number(strip.dataset.now);
  frozen = strip.dataset.frozen === "true";
  at = performance.now();
  show();
}

export function tick() {
  setClock();
  setInterval(show, 1000);
}

function show() {
  const time = mockNow();
  for (const node of document.querySelectorAll("[data-clock]")) say(node, clockText(time));
  for (const node of document.querySelectorAll("[data-until]")) {
    const left = Number(node.dataset.until) - time;
    say(node, left > 0 ? spell(left) : "0 s");
    if (left <= 0 && !node.dataset.over) {
      node.dataset.over = "yes";
      document.dispatchEvent(new Event("mock-time-is-up"));
    }
  }
}

function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function clockText(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${Math.floor(seconds)} s` : date.toISOString().slice(-13, -5);
}

// "12 h 0 min", "4 min 59 s", "7 s": as wording.seconds does on the server.
export function spell(left) {
  const whole = Math.max(0, Math.round(left));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${String(whole % 60).padStart(2, "0")} s` : `${whole} s`;
}
