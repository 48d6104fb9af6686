// What pages do beyond showing: they follow events, show times in the viewer's zone, and
// answer to keys. Every page is whole without it.

// --- The zone -----------------------------------------------------------------------

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

// offerZone shows the link to the viewer's own zone, which only the browser knows.
function offerZone() {
  const offer = document.querySelector("[data-local-zone]");
  const shown = document.querySelector(".zone")?.textContent.match(/Times in (\S+)/)?.[1];
  if (!offer || !here || here === shown || here === "UTC") return;
  const to = new URL(location.href);
  to.searchParams.set("zone", here);
  const link = offer.querySelector("a");
  link.href = to;
  link.textContent = `local (${here})`;
  offer.hidden = false;
}

// --- What is live ---------------------------------------------------------------------

// A page names in data-live the events that change it. Elements with data-part, which names
// a template, take their new content by themselves; if there are none the page says how
// many events there are, and changes when it is asked to, so that no row jumps.
const every = 500; // ms between two changes at least

class Live {
  constructor(query) {
    this.url = `/v1/events/stream${query}`;
    this.news = 0;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.stop() : this.start()));
    document.addEventListener("rollcall:pause", () => ((this.paused = true), this.stop()));
    document.addEventListener("rollcall:follow", () => ((this.paused = false), this.start()));
    this.start();
  }

  start() {
    if (document.hidden || this.paused || this.source) return;
    if (this.stopped) this.changed(); // what came while nobody looked
    this.source = new EventSource(this.url);
    this.source.addEventListener("open", () => this.say(""));
    this.source.addEventListener("error", () => this.say("The connection to the service is lost; trying again."));
    for (const type of ["events", "message"]) this.source.addEventListener(type, () => this.changed());
  }

  stop() {
    this.source?.close();
    this.source = null;
    this.stopped = true;
    clearTimeout(this.due);
    this.due = null;
  }

  // changed has the page follow, not more often than it may.
  changed() {
    this.news++;
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
    button.textContent = `${this.news.toLocaleString("en")} new: show`;
    button.addEventListener("click", async () => {
      await replaceMain(location.href);
      this.news = 0;
      this.say("");
    });
    this.say(button);
  }

  async refresh() {
    if (this.asking) return;
    this.asking = true;
    try {
      for (const part of document.querySelectorAll("[data-part]")) {
        const given = await partOf(location.href, part.dataset.part);
        const fresh = part.id ? given.querySelector(`#${part.id}`) : given;
        if (fresh.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) part.replaceChildren(...fresh.childNodes);
      }
      this.news = 0;
    } catch (e) {
      if (e.name !== "AbortError") this.say(String(e.message ?? e));
    } finally {
      this.asking = false;
    }
  }

  say(what) {
    const line = document.querySelector(".news");
    if (!line) return;
    line.replaceChildren(what);
    line.hidden = what === "";
  }
}

// partOf asks for a part of a page: main, or one that the page has a template for.
let asked;
async function partOf(url, name) {
  asked?.abort();
  asked = new AbortController();
  const answer = await fetch(url, { headers: { "Rollcall-Part": name }, signal: asked.signal });
  const text = await answer.text();
  return new DOMParser().parseFromString(`<main>${text}</main>`, "text/html").querySelector("main");
}

// replaceMain shows a page in place of this one.
async function replaceMain(url) {
  const main = await partOf(url, "main");
  document.querySelector("main").replaceChildren(...main.childNodes);
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
if (document.body.dataset.live) new Live(document.body.dataset.live);
