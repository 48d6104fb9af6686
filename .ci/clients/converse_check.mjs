// Converse.js in headless Chromium: alice logs in over WebSocket on a page, sees
// her roster, chats with bob, who uses slixmpp on another connector, loads the page
// again, and logs out.
//
// Settings (environment): those of converse_peer.py, ALICE_PASSWORD,
// ALICE_WEBSOCKET, CHROMIUM (default /usr/bin/chromium), and SCREENSHOT, a file
// for a picture of the chat (default: none).

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, extname, join, normalize } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const NAME = "Converse.js, WebSocket";
const PATIENCE = 30_000; // milliseconds that one expectation may take
const HERE = dirname(fileURLToPath(import.meta.url));
const TEXT = `héllo <&> from page ${Date.now()} 🙂`;
const TYPES = {
  ".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".json": "application/json",
  ".svg": "image/svg+xml", ".wasm": "application/wasm",
};
const QUIET = [ // a browser that asks nobody but us
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-default-apps",
  "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
];

let step = "start";
const begin = (name) => (step = name);
const ok = () => console.log(`PASS ${NAME}: ${step}`);

function setting(name, fallback) {
  const value = process.env[name] ?? fallback;
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

// servePage serves the page and Converse.js to it.
async function servePage() {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    const file = path === "/" ? join(HERE, "converse.html") : join(HERE, "node_modules/converse.js", path);
    try {
      const content = await readFile(file);
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}

// startBob resolves when bob is online, to a promise of his end.
async function startBob() {
  const bob = spawn(join(HERE, "converse_peer.py"), [TEXT], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => bob.on("close", resolve));
  const lines = createInterface({ input: bob.stdout });
  const online = new Promise((resolve) => lines.on("line", (line) => {
    console.log(line);
    resolve();
  }));
  await Promise.race([online, ended]);
  return { bob, ended };
}

const received = []; // what the page was sent

function note(page) {
  page.on("console", (message) => console.error(`console ${message.type()}: ${message.text()}`));
  page.on("websocket", (socket) => {
    socket.on("framesent", (frame) => console.error(`SENT ${frame.payload}`));
    socket.on("framereceived", (frame) => {
      console.error(`RECV ${frame.payload}`);
      received.push(`${frame.payload}`);
    });
  });
}

async function logIn(page, url) {
  begin("login and bind");
  await page.goto(url);
  await startConverse(page);
  ok();
  begin("the page says that alice is online, and shows her contacts");
  await page.getByText("I am online").waitFor({ timeout: PATIENCE });
  await page.locator("converse-roster").waitFor({ timeout: PATIENCE });
  await page.evaluate(() => api.waitUntil("rosterContactsFetched"));
  ok();
}

async function startConverse(page) {
  await page.waitForFunction(() => globalThis.converse?.initialize, null, { timeout: PATIENCE });
  await page.evaluate(async (settings) => {
    converse.plugins.add("check", {
      initialize() {
        globalThis.api = this._converse.api; // Converse.js gives it to plugins alone
      },
    });
    await converse.initialize({
      ...settings, whitelisted_plugins: ["check"], authentication: "login", auto_login: true,
      view_mode: "fullscreen", discover_connection_methods: false, assets_path: "/dist/",
    });
  }, { jid: setting("ALICE_JID"), password: setting("ALICE_PASSWORD"), websocket_url: setting("ALICE_WEBSOCKET") });
  await page.waitForFunction(() => globalThis.api?.connection.connected(), null, { timeout: PATIENCE });
}

// reload loses the page's connection; the new page resumes the session (XEP-0198).
async function reload(page) {
  begin("the page is reloaded, and goes on with its session");
  await page.reload();
  await startConverse(page);
  await page.getByText("I am online").waitFor({ timeout: PATIENCE });
  if (!(await page.evaluate(() => api.ping()))) throw new Error("no answer to a ping");
  if (!received.some((frame) => frame.includes("<resumed "))) throw new Error("not resumed");
  if (received.some((frame) => frame.includes("<stream:error"))) throw new Error("there was a stream error");
  ok();
}

async function chat(page) {
  begin("chat in both directions");
  await page.evaluate((bob) => api.chats.open(bob, {}, true), setting("BOB_JID"));
  const input = page.locator("textarea.chat-textarea");
  await input.fill(TEXT, { timeout: PATIENCE });
  await input.press("Enter");
  await page.locator(".chat-msg__text", { hasText: `bob heard: ${TEXT}` }).waitFor({ timeout: PATIENCE });
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
  ok();
}

async function logOut(page) {
  begin("logout");
  await page.evaluate(() => api.user.logout());
  await page.locator("converse-login-form").waitFor({ timeout: PATIENCE });
  ok();
}

const home = await mkdtemp(join(tmpdir(), "converse-"));
const server = await servePage();
let browser, peer, code = 0;
try {
  peer = await startBob();
  browser = await chromium.launchPersistentContext(home, {
    executablePath: setting("CHROMIUM", "/usr/bin/chromium"), headless: true, args: QUIET,
    viewport: { width: 1200, height: 800 },
  });
  const page = browser.pages()[0] ?? await browser.newPage();
  note(page);
  await logIn(page, `http://localhost:${server.address().port}/`);
  await chat(page);
  await reload(page);
  await logOut(page);
  peer.bob.stdin.end();
  code = await peer.ended;
} catch (error) {
  console.log(`FAIL ${NAME}: ${step}: ${error.message}`);
  code = 1;
} finally {
  peer?.bob.kill();
  await browser?.close();
  server.close();
  await rm(home, { recursive: true, force: true });
}
process.exit(code);
