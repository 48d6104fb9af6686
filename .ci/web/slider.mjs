// Measures how soon the page Time shows the table of a moment after its handle was let go,
// and of what that time consists, by the browser's own clock.
//
//   rollcall bench log --data DIR --events 10000000
//   rollcall up --data DIR --roles projector,http --http 127.0.0.1:5280 ...
//   BASE=http://127.0.0.1:5280 TOKEN=rct_... [MOVES=100] node slider.mjs
//
// It reports; nothing fails.

import { chromium } from "playwright-core";

const { BASE: base, TOKEN: token, MOVES: moves = "100", CHROMIUM: executablePath = "/usr/bin/chromium" } = process.env;
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
await context.addCookies([{ name: "rollcall_session", value: token, url: base }]);
const page = await context.newPage();
page.setDefaultTimeout(60_000);
const log = await (await fetch(`${base}/v1/log`, { headers: { Authorization: `Bearer ${token}` } })).json();
await page.goto(`${base}/time?since=${log.first_time}&until=${log.last_time}&at=1`, { waitUntil: "load" });
await page.waitForFunction(() => !document.querySelector("[data-late]") && document.querySelector(".player .busy").textContent === "");
const cdp = await context.newCDPSession(page);
await cdp.send("Performance.enable");
const metrics = async () => Object.fromEntries((await cdp.send("Performance.getMetrics")).metrics.map((m) => [m.name, 1000 * m.value]));

// shown begins to wait for the next table: until it is there, and until it is painted.
const shown = () => page.evaluate(() => {
  window.shown = new Promise((done) => {
    let begin;
    addEventListener("pointerup", (e) => (begin = e.timeStamp), { once: true, capture: true });
    const seen = new MutationObserver(() => {
      seen.disconnect();
      const there = performance.now();
      const painted = new MessageChannel(); // a task after the frame
      painted.port1.onmessage = () => {
        const asked = performance.getEntriesByType("resource").findLast((r) => r.name.includes("/time?"));
        done({ begin, there, painted: performance.now(), asked: { start: asked.startTime, first: asked.responseStart, end: asked.responseEnd, bytes: asked.encodedBodySize } });
      };
      requestAnimationFrame(() => painted.port2.postMessage(""));
    });
    seen.observe(document.querySelector("main"), { childList: true });
  });
});

const box = await page.locator(".slider").boundingBox();
const all = [];
for (let i = 0; i < moves; i++) {
  await page.evaluate(() => performance.clearResourceTimings());
  await shown();
  const before = await metrics();
  const x = () => box.x + box.width * (0.02 + 0.96 * Math.random());
  await page.mouse.move(x(), box.y + 100);
  await page.mouse.down();
  await page.mouse.move(x(), box.y + 100, { steps: 4 });
  await page.mouse.up();
  const t = await page.evaluate(() => window.shown);
  const after = await metrics();
  all.push({
    "in all": t.painted - t.begin, "until the question": t.asked.start - t.begin, "for the first byte": t.asked.first - t.asked.start, "for the rest": t.asked.end - t.asked.first,
    "until the table is there": t.there - t.asked.end, "until it is painted": t.painted - t.there, bytes: t.asked.bytes,
    "busy with script": after.ScriptDuration - before.ScriptDuration, "with styles and layout": after.RecalcStyleDuration + after.LayoutDuration - before.RecalcStyleDuration - before.LayoutDuration,
  });
}
await browser.close();
const share = (list, part) => list.sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))];
for (const name of Object.keys(all[0])) {
  const list = all.map((m) => m[name]);
  console.log(`${name}: p50 ${share(list, 0.5).toFixed(name === "bytes" ? 0 : 1)}, p95 ${share(list, 0.95).toFixed(name === "bytes" ? 0 : 1)}${name === "bytes" ? "" : " ms"}`);
}
