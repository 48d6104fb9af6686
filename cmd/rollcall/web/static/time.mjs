// The slider of the page Time: one moment with three controls, which are the curve, the
// steps and the field. It asks when a handle is let go, abandons the question before, and
// keeps the address, so that all that it shows can be linked to.

import { partOf, stamp } from "./app.mjs";

const reduced = matchMedia("(prefers-reduced-motion: reduce)");
const pace = () => (reduced.matches ? 2000 : 500); // ms between two moments that are played
const $ = (selector) => document.querySelector(selector);
const clamp = (n, least, most) => Math.min(Math.max(n, least), most);

// --- The curve and its handles ----------------------------------------------------------

class Curve {
  constructor(chart) {
    this.svg = chart.querySelector(".slider");
    [this.since, this.until] = [Number(chart.dataset.since), Number(chart.dataset.until)];
    this.handles = new Map();
    for (const g of this.svg.querySelectorAll(".handle")) this.handles.set(g.dataset.handle, this.adorn(g));
    this.svg.addEventListener("pointerdown", (e) => this.grab(e));
    this.svg.addEventListener("click", (e) => plainly(e) && e.preventDefault());
  }

  // adorn makes a mark one that can be moved, by keys too.
  adorn(g) {
    const flag = document.createElementNS("http://www.w3.org/2000/svg", "text");
    flag.setAttribute("class", "flag");
    flag.setAttribute("y", "-4");
    g.append(flag);
    for (const [name, value] of Object.entries({ role: "slider", tabindex: "0", "aria-valuemin": this.since, "aria-valuemax": this.until })) g.setAttribute(name, value);
    g.addEventListener("keydown", (e) => this.key(e, g));
    g.addEventListener("keyup", () => this.moved === g && this.release(g));
    g.addEventListener("blur", () => this.moved === g && this.release(g));
    return g;
  }

  x(ms) { return (100 * (ms - this.since)) / (this.until - this.since); }

  has(ms) { return ms >= this.since && ms <= this.until; }

  at(e) {
    const box = this.svg.getBoundingClientRect();
    return Math.round(this.since + clamp((e.clientX - box.left) / box.width, 0, 1) * (this.until - this.since));
  }

  // put moves a handle to an instant, or away. That of now is where the curve ends.
  put(g, at, said = false) {
    const ms = at === "now" ? this.until : Number(at ?? NaN);
    const there = Number.isFinite(ms) && this.has(ms);
    there ? g.removeAttribute("display") : g.setAttribute("display", "none");
    if (!there) return;
    g.ms = ms;
    const x = `${this.x(ms)}%`;
    for (const name of ["x1", "x2"]) g.querySelector("line").setAttribute(name, x);
    g.querySelector("circle").setAttribute("cx", x);
    g.setAttribute("aria-valuenow", ms);
    g.setAttribute("aria-valuetext", at === "now" ? at : stamp.format(ms));
    const flag = g.querySelector(".flag");
    flag.textContent = said ? stamp.format(ms) : "";
    flag.setAttribute("x", x);
    flag.setAttribute("text-anchor", this.x(ms) < 15 ? "start" : this.x(ms) > 85 ? "end" : "middle");
  }

  shown() { return [...this.handles.values()].filter((g) => !g.hasAttribute("display")); }

  // grab follows the pointer: the nearest handle moves with it or, with Shift, a part of the
  // curve is chosen.
  grab(e) {
    if (!plainly(e, true) || !e.isPrimary || e.target.closest(".mark")) return;
    const start = this.at(e);
    const nearest = this.shown().sort((a, b) => Math.abs(a.ms - start) - Math.abs(b.ms - start))[0] ?? this.handles.get("at");
    const follow = e.shiftKey ? this.choice(start) : (ms) => this.put(nearest, ms, true);
    const was = nearest.ms;
    stop();
    held = true;
    this.svg.setPointerCapture(e.pointerId);
    follow(start);
    const over = new AbortController();
    const on = (name, f) => this.svg.addEventListener(name, f, { signal: over.signal });
    on("pointermove", (m) => follow(this.at(m)));
    over.signal.addEventListener("abort", () => (held = false));
    on("pointercancel", () => (over.abort(), e.shiftKey ? this.chosen?.remove() : this.put(nearest, was)));
    on("pointerup", (u) => {
      over.abort();
      if (!e.shiftKey) {
        nearest.focus({ preventScroll: true });
        return this.release(nearest);
      }
      this.chosen.remove();
      const [since, until] = [start, this.at(u)].sort((a, b) => a - b);
      if (until - since > (this.until - this.since) / 200) go(address({ since: iso(since), until: iso(until) }));
    });
  }

  // choice shows what part of the curve is chosen.
  choice(start) {
    this.chosen = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ class: "selected", y: 12, height: 170 })) this.chosen.setAttribute(name, value);
    this.svg.append(this.chosen);
    return (ms) => {
      this.chosen.setAttribute("x", `${this.x(Math.min(start, ms))}%`);
      this.chosen.setAttribute("width", `${Math.abs(this.x(ms) - this.x(start))}%`);
    };
  }

  // key moves a handle; the question follows when the key is let go.
  key(e, g) {
    const span = this.until - this.since;
    const by = { ArrowLeft: -span / 200, ArrowDown: -span / 200, ArrowRight: span / 200, ArrowUp: span / 200, PageDown: -span / 10, PageUp: span / 10, Home: -Infinity, End: Infinity }[e.key];
    if (by === undefined || e.ctrlKey || e.altKey || e.metaKey) return;
    e.preventDefault();
    stop();
    this.moved = g;
    this.put(g, Math.round(clamp(g.ms + (e.shiftKey ? 10 * by : by), this.since, this.until)), true);
  }

  release(g) {
    this.moved = null;
    this.put(g, g.ms);
    const now = g.ms >= (curve.open ? curve.until : Date.now() - 1000) && g.dataset.handle !== "from";
    go(now && g.dataset.handle === "at" ? liveAddress() : address({ [g.dataset.handle]: now ? "" : iso(g.ms) }));
  }
}

// plainly reports a click that does not ask for another window.
function plainly(e, shift = false) { return e.button === 0 && !e.ctrlKey && !e.metaKey && !e.altKey && (shift || !e.shiftKey); }

// --- Addresses and questions --------------------------------------------------------------

let curve, asking;
let missed = null; // asks again what the service was not there to answer
let held = false; // a pointer holds a handle
const iso = (ms) => new Date(ms).toISOString();

// address is this page with some parameters, and the span as it is.
function address(changes, from = location.href) {
  const to = new URL(from);
  const all = { since: iso(curve.since), until: iso(curve.until), after: "", zone: "", ...changes };
  const has = (name) => name in changes ? changes[name] : to.searchParams.get(name);
  if (has("from") && !has("to") && curve.open && !changes.until) all.until = ""; // the second moment is now, and goes on
  for (const [name, value] of Object.entries(all)) value ? to.searchParams.set(name, value) : to.searchParams.delete(name);
  return to.href;
}

// spanWith is a span as long as the curve's, with an instant a part of it after its
// beginning. While two moments are compared it has the curve's, too.
function spanWith(ms, part, both) {
  const length = curve.until - curve.since;
  const [since, until] = [ms - part * length, ms + (1 - part) * length];
  return { since: iso(both ? Math.min(since, curve.since) : since), until: iso(both ? Math.max(until, curve.until) : until) };
}

const liveAddress = () => address({ at: "", from: "", to: "", until: "", since: iso(Date.now() - (curve.until - curve.since)) });

// go shows the page at an address: just the moment if the curve has it, or all of it. Only
// the last question counts.
async function go(to, { record = "push", whole = false } = {}) {
  asking?.abort();
  const mine = (asking = new AbortController());
  missed = null;
  const late = setTimeout(() => busy("Loading …"), 150);
  try {
    let fresh = await part(to, whole || !sameSpan(to) ? "main" : "moment", mine.signal);
    const { at, from, to: second } = fresh.moment.dataset, ms = Number(second ?? at);
    if (!fresh.chart && ms && !curve.has(ms)) { // the curve follows
      to = address(spanWith(ms, 0.5, from), to);
      fresh = await part(to, "main", mine.signal);
    }
    if (record) history[`${record}State`](null, "", to);
    replace(fresh);
    busy("");
    return true;
  } catch (e) {
    if (e.name === "AbortError") return false;
    settle();
    busy(e.name === "Unreachable" ? "" : e.message);
    if (e.name === "Unreachable") missed = () => go(to, { record, whole });
    return false;
  } finally {
    clearTimeout(late);
    if (asking === mine) asking = null;
  }
}

// part asks for a part of the page.
async function part(to, name, signal) {
  const page = await partOf(to, name, signal);
  const moment = page.querySelector("#moment");
  if (!moment) throw new Error(page.querySelector(".problem, .none")?.textContent ?? "The service has answered with something else.");
  return { moment, chart: page.querySelector("#chart"), main: page };
}

// spanOf is how an address names the span of the curve.
const spanOf = (to) => ["since", "until"].map((name) => new URL(to).searchParams.get(name) ?? "");

// sameSpan reports an address with the curve that is shown, to the second.
function sameSpan(to) {
  const [since, until] = spanOf(to);
  const near = (text, ms) => Math.abs(Date.parse(text) - ms) < 2000;
  return `${[since, until]}` === curve.named || (near(since, curve.since) && (until ? near(until, curve.until) : curve.open));
}

// replace shows a part. What had the focus keeps it.
function replace({ moment, chart, main }) {
  const again = nameOf(document.activeElement);
  if (main?.querySelector("#moment") && chart) {
    $("#main").replaceChildren(...main.childNodes);
    begin();
  } else if (chart) {
    $("#chart").replaceWith(chart);
    begin();
  } else {
    $("#moment").replaceWith(moment);
    settle();
  }
  if (again && !document.activeElement?.matches(again)) $(again)?.focus({ preventScroll: true });
}

// nameOf is a selector of an element that is there again in another answer.
function nameOf(element) {
  for (const name of ["step", "zoom", "handle"]) {
    if (element?.dataset?.[name]) return `[data-${name}="${element.dataset[name]}"]`;
  }
  return element?.name ? `#moment [name="${element.name}"]` : "";
}

const live = () => $("#moment")?.hasAttribute("data-live");

// settle puts the handles where the moments are.
function settle() {
  for (const [name, g] of curve.handles) curve.put(g, $("#moment").dataset[name]);
  document.dispatchEvent(new Event(live() ? "rollcall:follow" : "rollcall:pause"));
}

function busy(text) {
  const line = $(".player .busy");
  if (line) line.textContent = text;
  $("#chart")?.toggleAttribute("aria-busy", text !== "");
}

// --- Playing ------------------------------------------------------------------------------

// What needs this script is written by the style sheet, for it is no text of the page.
const player = {
  playing: false,

  speed() {
    const range = $(".player input");
    const speed = Number(range.dataset.speeds.split(" ")[range.value]);
    $(".player .speed").dataset.label = range.ariaValueText = `×${speed}`;
    return speed;
  },

  mark(playing) {
    this.playing = playing;
    const button = $(".player button");
    if (!button) return;
    button.dataset.label = playing ? "Pause" : "Play";
    button.setAttribute("aria-label", button.dataset.label);
  },

  // play shows one moment after the other, and at now goes on live. The next question waits
  // for the answer to the one before.
  async play() {
    const { at, from, to } = $("#moment").dataset;
    const moves = from ? "to" : "at"; // of two moments the second, which begins where the first is if it is now
    const start = Number(to === "now" ? from : (to ?? at));
    if (!Number.isFinite(start)) return busy("Choose a moment of the past to play from.");
    this.mark(true);
    const run = (this.run = {});
    let ms = start, last = performance.now(), record = "push";
    while (this.playing && this.run === run) {
      await new Promise((done) => setTimeout(done, Math.max(0, pace() - (performance.now() - last))));
      if (!this.playing || this.run !== run || document.hidden) break;
      ms += (performance.now() - last) * player.speed();
      last = performance.now();
      if (ms >= Date.now()) return stop(), go(moves === "to" ? address({ to: "" }) : liveAddress(), { record });
      const next = { [moves]: iso(ms), ...(curve.has(ms) ? {} : spanWith(ms, 0.1, from)) };
      if (!(await go(address(next), { record }))) break;
      record = "replace";
    }
    if (this.run === run) this.mark(false);
  },
};

function stop() {
  player.run = null;
  player.mark(false);
}

// --- The page -------------------------------------------------------------------------------

// begin takes over what the page has; it is called again when that is replaced.
function begin() {
  if (!$("#chart")) return;
  curve = new Curve($("#chart"));
  curve.named = `${spanOf(location.href)}`;
  curve.open = !spanOf(location.href)[1] || curve.until >= Date.now() - 2000; // it goes on
  $(".player").hidden = false;
  $(".player button").onclick = () => (player.playing ? stop() : player.play());
  $(".player input").oninput = () => player.speed();
  player.speed();
  player.mark(player.playing);
  drawn = Date.now();
  settle();
  if ($("#chart").hasAttribute("data-late")) late();
}

// late has the curve come after the rest of the page, when nobody holds a handle.
async function late() {
  const was = curve;
  busy("Drawing the curve …");
  try {
    const chart = (await partOf(address({}), "chart").catch(() => null))?.querySelector("#chart");
    while (held) await new Promise((done) => addEventListener("pointerup", () => setTimeout(done), { once: true }));
    if (chart && was === curve) replace({ chart });
  } finally {
    busy("");
  }
}

let drawn = 0; // when the curve was made

// follow shows what has happened, and the curve of it from time to time. What can't be shown
// right now is shown later.
const again = 1000; // ms between two answers at least
let due = null;
function follow(e) {
  e?.preventDefault();
  if (!$("#chart")) return location.reload(); // there was nothing to show
  if (due || !live()) return;
  due = setTimeout(async () => {
    due = null;
    if (!live()) return;
    if (asking || held || document.activeElement?.closest("#moment form")) return follow();
    followed = performance.now();
    const old = Date.now() - drawn > Math.max(30_000, (curve.until - curve.since) / 100);
    await go(location.href, { record: "", whole: old });
  }, Math.max(0, again - (performance.now() - followed)));
}
let followed = -again;

function onKey(e) {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input:not([type=range]), select, textarea")) return;
  const step = { "[": "back", "]": "forward", l: "live" }[e.key];
  if (step && !(e.repeat && asking)) $(`[data-step="${step}"]`)?.click();
  if (e.key === " " && !e.target.closest("a, button, summary")) {
    e.preventDefault();
    player.playing ? stop() : player.play();
  }
}

function onClick(e) {
  const link = e.target.closest?.("a[data-step], a[data-zoom]");
  if (!link || !plainly(e)) return;
  e.preventDefault();
  stop();
  go(new URL(link.getAttribute("href"), location.href).href);
}

function onSubmit(e) {
  if (!e.target.matches("#moment form")) return;
  e.preventDefault();
  stop();
  const to = new URL(address({ at: "", from: "", to: "" }));
  for (const [name, value] of new FormData(e.target)) value && to.searchParams.set(name, value);
  go(to.href);
}

// tick says how far behind now the moment is.
function tick() {
  const mark = $("[data-behind]");
  if (mark && !document.hidden) mark.textContent = `${duration(Date.now() - Number(mark.dataset.behind))} behind`;
}

function duration(ms) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const s = Math.max(0, Math.floor(ms / 1000));
  const i = Math.max(0, units.findIndex(([, u]) => s >= u));
  if (s < 1) return "0 s";
  const rest = i + 1 < units.length ? Math.floor((s % units[i][1]) / units[i + 1][1]) : 0;
  return `${Math.floor(s / units[i][1])} ${units[i][0]}${rest ? ` ${rest} ${units[i + 1][0]}` : ""}`;
}

begin();
document.addEventListener("rollcall:news", follow);
document.addEventListener("rollcall:back", () => (missed ? missed() : live() && follow()));
document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("submit", onSubmit);
addEventListener("popstate", () => (stop(), go(location.href, { record: "" })));
setInterval(tick, 1000);
