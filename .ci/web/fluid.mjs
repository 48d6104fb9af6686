// Measures how fluid pages stay while much happens, by the browser's own account: the time
// its main thread is busy, tasks longer than 50 ms, and the pauses between frames.
//
//   rollcall up --demo --http 127.0.0.1:5280 ...
//   rollcall bench c2s idle --sessions 10000 ... &  rollcall bench c2s churn ... &
//   BASE=http://127.0.0.1:5280 TOKEN=rct_... [SECONDS=10] node fluid.mjs [PATH]...
//
// It reports; nothing fails.

import { chromium } from "playwright-core";

const { BASE: base, TOKEN: token, SECONDS: seconds = "10", CHROMIUM: executablePath = "/usr/bin/chromium" } = process.env;
const paths = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
await context.addCookies([{ name: "rollcall_session", value: token, url: base }]);
const at = (list, part) => list[Math.min(list.length - 1, Math.floor(list.length * part))]?.toFixed(0);

for (const path of paths.length > 0 ? paths : ["/", "/sessions", "/events", "/time"]) {
  const page = await context.newPage();
  await page.goto(base + path, { waitUntil: "load" });
  const cdp = await context.newCDPSession(page);
  await cdp.send("Performance.enable");
  const busy = async () => Object.fromEntries((await cdp.send("Performance.getMetrics")).metrics.map((m) => [m.name, m.value]));
  const before = await busy();
  const seen = await page.evaluate((ms) => new Promise((done) => {
    const frames = [], tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((e) => e.duration))).observe({ type: "longtask" });
    const begin = performance.now();
    let last = begin;
    const frame = (now) => {
      frames.push(now - last);
      last = now;
      if (now - begin < ms) return requestAnimationFrame(frame);
      done({ frames: frames.sort((a, b) => a - b), tasks: tasks.sort((a, b) => a - b) });
    };
    requestAnimationFrame(frame);
  }), 1000 * seconds);
  const after = await busy();
  const share = (name) => `${(100 * (after[name] - before[name]) / seconds).toFixed(1)} %`;
  console.log(`${path}: main thread busy ${share("TaskDuration")} (script ${share("ScriptDuration")}, layout ${share("LayoutDuration")}); ` +
    `long tasks ${seen.tasks.length}, longest ${at(seen.tasks, 1) ?? 0} ms; frames p50 ${at(seen.frames, 0.5)}, p95 ${at(seen.frames, 0.95)}, p99 ${at(seen.frames, 0.99)} ms; ` +
    `heap ${(after.JSHeapUsedSize / 2 ** 20).toFixed(1)} MiB`);
  await page.close();
}
await browser.close();
