// Measures how fluid pages stay while much happens, by the browser's own trace: frames that
// were dropped, the longest task of its main thread, how busy that is, and how long it takes
// from a key to the frame that shows what it did.
//
//   go build -o rollcall ./cmd/rollcall
//   ROLLCALL=$PWD/rollcall [SESSIONS=10000] [RATE=1000] [SECONDS=20] node .ci/web/fluid.mjs [PATH]...
//
// It starts a service of its own, with so many sessions that do nothing and clients that come
// and go, which make about RATE events a second. It reports; nothing fails. Needs npm ci here.

import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const { SESSIONS: sessions = "10000", RATE: rate = "1000", SECONDS: seconds = "20" } = process.env;
const paths = process.argv.slice(2);
process.env.WORK ??= await mkdtemp(join(tmpdir(), "fluid-"));
process.env.XDG_STATE_HOME = join(process.env.WORK, "state");
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
const { Browser } = await import("./browser.mjs");
const { Service, until } = await import("./service.mjs");

const HOUR = 3_600_000;
const run = (program, words) => promisify(execFile)(program, words, { maxBuffer: 2 ** 26 });
const service = await Service.start();
const clients = [];
let failed; // ends all of it
const failure = new Promise((_, reject) => (failed = reject));
let browser;

// bench begins clients of the service.
function bench(...words) {
  const p = spawn(process.env.ROLLCALL, ["bench", "c2s", ...words, "--server", `127.0.0.1:${service.ports.c1}`, "--pid", service.processes.get("c1").pid, "--mechanism", "PLAIN"], { stdio: ["ignore", "ignore", "pipe"] });
  p.said = "";
  p.stderr.on("data", (d) => (p.said = (p.said + d).slice(-2000)));
  p.on("exit", (code) => code === null || failed(new Error(`bench c2s ${words.join(" ")}: ${p.said}`)));
  clients.push(p);
  return p;
}

// pace has clients go on only while there are not more events than RATE a second, and gives
// how many there were.
function pace(p) {
  const last = async () => (await service.json("/v1/log")).last_seq;
  const state = { events: 0, over: false };
  state.restart = async () => ([state.begin, state.first] = [performance.now(), await last()]);
  state.done = (async () => {
    await state.restart();
    while (!state.over) {
      state.events = (await last()) - state.first;
      state.seconds = (performance.now() - state.begin) / 1000;
      p.kill(state.events > rate * state.seconds ? "SIGSTOP" : "SIGCONT");
      await new Promise((done) => setTimeout(done, 20));
    }
    p.kill("SIGCONT");
  })();
  return state;
}

// press has keys open and close what each page has at its end, and gives how long each took
// until it was painted, in milliseconds; what took less than two frames counts as 16.
async function press(page, ms) {
  await page.evaluate(() => {
    window.inputs = new Map();
    new PerformanceObserver((list) => list.getEntries().forEach((e) => e.interactionId && window.inputs.set(e.interactionId, Math.max(e.duration, window.inputs.get(e.interactionId) ?? 0))))
      .observe({ type: "event", durationThreshold: 16 });
  });
  let keys = 0;
  for (const end = performance.now() + ms; performance.now() < end; keys++) {
    await page.evaluate(() => document.querySelector(".queries summary")?.focus({ preventScroll: true }));
    await page.keyboard.press("Enter");
    await new Promise((done) => setTimeout(done, 100));
  }
  const slow = await page.evaluate(() => [...window.inputs.values()]);
  return [...Array(Math.max(0, keys - slow.length)).fill(16), ...slow];
}

const share = (list, part) => list.sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))] ?? 0;

// measure looks at a page for a while, and says what its trace has.
async function measure(path) {
  const page = await browser.open({ path });
  const file = join(process.env.WORK, "trace.json");
  await browser.chromium.startTracing(page, { path: file, categories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline", "disabled-by-default-devtools.timeline.frame", "devtools.timeline.frame"] });
  const inputs = await press(page, 1000 * seconds);
  await browser.chromium.stopTracing();
  const trace = JSON.parse(await readFile(file, "utf8")).traceEvents;
  await page.context().close();
  // The page's process is the one whose main thread did most: others are there, and idle.
  const mains = trace.filter((e) => e.name === "thread_name" && e.args.name === "CrRendererMain");
  const tasksOf = (t) => trace.filter((e) => e.ph === "X" && e.name.endsWith("RunTask") && e.pid === t.pid && e.tid === t.tid);
  const busyOf = (tasks) => tasks.filter((e) => e.name === "RunTask" || e.name.includes("ThreadController")).reduce((sum, e) => Math.max(sum, 0) + (e.tdur ?? 0), 0);
  const [main, tasks] = mains.map((t) => [t, tasksOf(t).filter((e) => e.name === "RunTask")]).sort((a, b) => busyOf(b[1]) - busyOf(a[1]))[0];
  const frames = (name) => trace.filter((e) => e.name === name && e.pid === main.pid).length;
  const longest = Math.max(0, ...tasks.map((e) => e.dur)) / 1000, long = tasks.filter((e) => e.dur > 50_000).length;
  console.log(`${path}: frames drawn ${frames("DrawFrame")}, dropped ${frames("DroppedFrame")}; longest task ${longest.toFixed(0)} ms, ${long} of more than 50 ms; ` +
    `main thread busy ${(busyOf(tasks) / 1e4 / seconds).toFixed(1)} %; from a key to the frame p50 ${share(inputs, 0.5)}, p95 ${share(inputs, 0.95)} ms of ${inputs.length}`);
}

async function all() {
  const users = ["bench", "c2s", "idle", "churn", "--sessions", sessions, "--workers", "8", "--users"];
  const file = join(process.env.WORK, "users");
  await writeFile(file, (await run(process.env.ROLLCALL, users)).stdout);
  await run(process.env.ROLLCALL, ["user", "import", file, "--nats", service.nats]);
  bench("idle", "--sessions", sessions, "--rounds", "1", "--settle", "1h");
  await until("the sessions are there", async () => (await service.json("/v1/table")).sessions >= Number(sessions), HOUR);
  const paced = pace(bench("churn", "--workers", "8", "--rounds", "1", "--time", "1h"));
  await until("clients come and go", () => paced.events > 5 * rate, HOUR);
  browser = await Browser.start(service);
  await paced.restart();
  for (const path of paths.length > 0 ? paths : ["/", "/sessions", "/time"]) await measure(path);
  paced.over = true;
  await paced.done;
  console.log(`beside ${sessions} sessions there were ${Math.round(paced.events / paced.seconds)} events a second`);
}

try {
  await Promise.race([all(), failure]);
} finally {
  for (const p of clients) p.kill("SIGKILL");
  await browser?.stop();
  await service.stop();
  await rm(process.env.WORK, { recursive: true, force: true });
}
process.exit(0);
