// What pages do beyond showing: they follow events, show times in the viewer's zone, and
// answer to keys. Every page is whole without it.

// --- The zone -----------------------------------------------------------------------

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const shown = document.querySelector(".zone")?.textContent.match(/Times in (\S+)/)?.[1] ?? "UTC";

// stamp writes times as pages do.
export const stamp = new Intl.DateTimeFormat("sv-SE", { timeZone: shown, dateStyle: "short", timeStyle: "medium" });

// offerZone shows the link to the viewer's own zone, which only the browser knows.
function offerZone() {
  const offer = document.querySelector("[data-local-zone]");
  if (!offer || !here || here === shown || here === "UTC") return;
  const to = new URL(location.href);
  to.searchParams.set("zone", here);
  const link = offer.querySelector("a");
  link.href = to;
  link.textContent = `local (${here})`;
  offer.hidden = false;
}

// --- A service that is away ---------------------------------------------------------------

// say puts a line above the page.
function say(what) {
  const line = document.querySelector(".news");
  if (!line) return;
  line.replaceChildren(what);
  line.hidden = what === "";
}

// While the service can't be asked the page says since when, and calls nothing live that it
// has from before. It asks until there is an answer, and then goes on.
const NOT_READY = "The service cannot answer yet";
const away = {
  since: null,

  begin(what = "The service cannot be reached") {
    if (this.since) return;
    this.since = new Date();
    document.documentElement.classList.add("away");
    this.tell(what);
    this.ask(500);
  },

  tell(what) { say(`${what}, since ${stamp.format(this.since)}. What is shown is from before; trying again.`); },

  async ask(wait) {
    await new Promise((done) => setTimeout(done, wait));
    if (document.hidden) await new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
    const answer = await fetch("/readyz", { signal: AbortSignal.timeout(5000) }).catch(() => null);
    const { log, table } = (await answer?.json().catch(() => null))?.parts ?? {};
    if (log?.state === "ready" && table?.state === "ready") return this.end(); // whether clients can log in or not
    this.tell(answer ? NOT_READY : "The service cannot be reached");
    this.ask(Math.min(2 * wait, 4000));
  },

  end() {
    this.since = null;
    document.documentElement.classList.remove("away");
    say("");
    document.dispatchEvent(new Event("rollcall:back"));
  },
};

// --- What is live ---------------------------------------------------------------------

// A page names in data-live the events that change it. Elements with data-part, which names
// a template, take their new content by themselves; if there are none the page says how
// many events there are, and changes when it is asked to, so that no row jumps.
const every = 500; // ms between two changes at least
const patience = 300_000; // ms after which a page that was hidden asks anew rather than for all since

class Live {
  wait = 1000; // ms before a stream that was refused is asked for again

  constructor({ live, position, counts, waits }) {
    this.counts = counts; // what one event is called; "": they are not counted, for some may not matter
    if (waits !== undefined) [this.paused, this.stopped] = [true, performance.now()];
    this.url = new URL(`/v1/events/stream${live}`, location.href);
    this.url.searchParams.set("every", `${every}ms`);
    this.position = position; // what the page knows of
    this.news = 0;
    this.grow();
    document.addEventListener("visibilitychange", () => (document.hidden ? this.stop() : this.start()));
    document.addEventListener("rollcall:pause", () => ((this.paused = true), this.stop()));
    document.addEventListener("rollcall:follow", () => ((this.paused = false), this.start()));
    document.addEventListener("rollcall:back", () => this.back());
    this.start();
  }

  // grow has the table of the page grow, if it has one that does.
  grow() {
    const body = document.querySelector("[data-tail]");
    this.tail = body && new Tail(body, () => this.show());
    if (body) this.url.searchParams.set("newest", "100");
  }

  start() {
    if (document.hidden || this.paused || this.source) return;
    if (performance.now() - this.stopped > patience) this.forget(); // rather than have all of that told
    const url = new URL(this.url);
    if (this.position) url.searchParams.set("after", this.position);
    const source = (this.source = new EventSource(url));
    source.addEventListener("open", () => {
      this.wait = 1000;
      if (this.news === 0 && !away.since) say("");
    });
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return away.begin();
      if (source === this.source) this.again();
    });
    source.addEventListener("digest", ({ data }) => {
      const digest = JSON.parse(data);
      this.position = digest.position;
      if (!this.tail?.take(digest)) this.changed(digest.events);
    });
  }

  // again asks once more for a stream that was refused, which browsers do not by
  // themselves, unless it was for the login.
  async again() {
    this.stop();
    const answer = await fetch("/v1/token").catch(() => null);
    if (answer?.status === 401) return say("You are logged out. Load this page again to log in.");
    if (!answer || answer.status >= 502) return away.begin(answer && NOT_READY);
    say("The service does not tell this page what is new; trying again.");
    this.forget();
    setTimeout(() => this.start(), this.wait);
    this.wait = Math.min(2 * this.wait, 30_000);
  }

  // back goes on once the service is there again.
  back() {
    this.stop();
    this.start();
    if (!this.paused && document.querySelector("[data-part]")) this.refresh();
  }

  // forget goes on with what comes, and says that something may have come before it.
  forget() {
    this.position = "";
    if (this.tail) this.tail.missed = true;
    this.changed(1);
  }

  stop() {
    this.source?.close();
    this.source = null;
    this.stopped = performance.now();
    clearTimeout(this.due);
    this.due = null;
  }

  // changed has the page follow, not more often than it may.
  changed(events) {
    this.news += events;
    if (this.due) return;
    const wait = Math.max(0, every - (performance.now() - (this.last ?? -every)));
    this.due = setTimeout(() => {
      this.due = null;
      this.last = performance.now();
      if (!document.dispatchEvent(new Event("rollcall:news", { cancelable: true }))) return; // the page does it
      document.querySelector("[data-part]") ? this.refresh() : this.offer();
    }, wait);
  }

  offer() {
    const button = document.createElement("button");
    button.type = "button";
    const few = this.news === 1 ? this.counts : `${this.counts}s`;
    button.textContent = this.counts ? `${this.news.toLocaleString("en")} new ${few}: show` : "There may be changes: show";
    button.addEventListener("click", () => this.show());
    say(button);
  }

  // show shows the page as it is now.
  async show() {
    const main = await partOf(location.href, "main").catch(() => null);
    if (!main) return;
    document.querySelector("main").replaceChildren(...main.childNodes);
    this.news = 0;
    this.grow();
  }

  async refresh() {
    if (this.asking) return;
    this.asking = true;
    try {
      for (const part of document.querySelectorAll("[data-part]")) {
        const given = await partOf(location.href, part.dataset.part || "main");
        const fresh = part.id ? given.querySelector(`#${part.id}`) : given;
        if (fresh.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) part.replaceChildren(...fresh.childNodes);
      }
      this.news = 0;
    } catch (e) {
      if (e.name !== "AbortError" && !away.since) say(e.message);
    } finally {
      this.asking = false;
    }
  }
}

// --- A table that grows -----------------------------------------------------------------

const rows = 500; // that it has at most

// A Tail puts new events above those that a table has, as long as its viewer is at its
// top and has not paused it. What it does not take is offered as news.
class Tail {
  constructor(body, show) {
    this.body = body;
    this.row = document.querySelector("[data-tail-row]").content.firstElementChild;
    this.pause = document.createElement("button");
    this.pause.type = "button";
    this.pause.addEventListener("click", () => (this.paused && this.missed ? show() : this.set(!this.paused)));
    this.set(false);
    body.closest(".wide").before(this.pause);
  }

  set(paused) {
    this.paused = paused;
    this.pause.textContent = paused ? "Follow" : "Pause";
    this.pause.setAttribute("aria-pressed", paused);
  }

  // take shows a digest's events, and reports whether it has.
  take({ events, newest }) {
    if (this.paused || this.missed || scrollY > this.body.offsetTop || this.body.contains(document.activeElement)) return !(this.missed = true);
    const shown = BigInt(this.body.rows[0]?.id.slice(1) || 0);
    const fresh = newest.reverse().filter((e) => BigInt(e.sequence) > shown).map((e) => this.rowOf(e));
    if (events > newest.length) fresh.push(this.gap(events - newest.length));
    this.body.prepend(...fresh);
    while (this.body.rows.length > rows) this.body.lastElementChild.remove();
    return true;
  }

  rowOf(event) {
    const tr = this.row.cloneNode(true), data = event.data ?? {};
    const [, group, name] = event.type.split(".");
    const seq = BigInt(event.sequence).toString();
    const about = data.jid ?? data.account, session = ["session", "presence"].includes(group) ? event.subject : "";
    const held = ["session", "presence", "connector", "connection"].includes(group) && !["cli", "http"].includes(data.connector);
    const connector = data.lost ?? (held ? data.connector : "");
    const set = (field, text, to) => tr.querySelector(`[data-${field}]`).replaceChildren(to && text ? link(text, to) : text ?? "");
    const time = tr.querySelector("time");
    time.dateTime = event.recordedtime;
    time.textContent = stamp.format(new Date(event.recordedtime));
    set("seq", seq, `/events/${seq}`);
    set("name", name.replaceAll("_", " "));
    set("about", about, session ? `/sessions/${session}` : `/accounts/${encodeURIComponent(about?.split("/")[0])}`);
    set("connector", connector, `/connectors/${encodeURIComponent(connector)}`);
    const noticed = data.lost ? [`noticed by ${data.connector}`] : [];
    set("detail", noticed.concat(DETAILS.filter((k) => data[k] !== undefined && data[k] !== "").map((k) => `${k} ${data[k]}`)).join(", "));
    tr.className = "fresh";
    tr.id = `e${seq}`;
    return tr;
  }

  gap(n) {
    const tr = document.createElement("tr"), td = document.createElement("td");
    td.colSpan = this.row.cells.length;
    td.textContent = `${n.toLocaleString("en")} more came too fast to be shown.`;
    tr.append(td);
    return tr;
  }
}

const DETAILS = ["reason", "text", "condition", "by", "mechanism", "agent", "address", "network", "show", "priority", "role"];

function link(text, to) {
  const a = document.createElement("a");
  a.href = to;
  a.textContent = text;
  return a;
}

// partOf asks for a part of a page: main, or one that the page has a template for. It fails
// with an Unreachable where the service is away.
export async function partOf(url, name, signal) {
  let answer, text;
  try {
    answer = await fetch(url, { headers: { "Rollcall-Part": name }, signal });
    text = await answer.text();
  } catch (e) {
    if (e.name === "AbortError") throw e;
  }
  if (!answer || text === undefined || answer.status >= 502) {
    away.begin(answer && NOT_READY);
    throw new DOMException("The service cannot be reached.", "Unreachable");
  }
  if (answer.redirected) location.assign(url); // to log in
  return new DOMParser().parseFromString(`<main>${text}</main>`, "text/html").querySelector("main");
}

// --- Commands ---------------------------------------------------------------------------

// A button copies the command before it, where the browser lets pages do so.
if (navigator.clipboard) document.documentElement.classList.add("copies");
document.addEventListener("click", async (e) => {
  const button = e.target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
  button.textContent = "Copied";
});

offerZone();
if (document.body.dataset.live !== undefined) new Live(document.body.dataset);
