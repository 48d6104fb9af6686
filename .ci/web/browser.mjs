// A browser whose pages tell of everything that is wrong with them.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const QUIET = [ // a browser that asks nobody but us
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-default-apps", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
];

// A Browser is a Chromium that looks at a service.
export class Browser {
  static async start(service) {
    const b = new Browser();
    b.service = service;
    b.chromium = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: QUIET });
    return b;
  }

  // open gives a page of a viewer with a scope ("": nobody). Its faults are those that
  // sound must not find.
  async open({ path = "/", scope = "admin", width = 1440, height = 900, dark = false, javaScript = true } = {}) {
    const context = await this.chromium.newContext({
      viewport: { width, height }, colorScheme: dark ? "dark" : "light", javaScriptEnabled: javaScript, timezoneId: "Europe/Berlin", locale: "en-GB",
    });
    if (scope) await context.addCookies([{ name: "rollcall_session", value: await this.service.token(scope), url: this.service.base }]);
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.faults = [];
    page.bytes = 0;
    page.on("console", (m) => ["error", "warning"].includes(m.type()) && page.faults.push(`console: ${m.text()}`));
    page.on("pageerror", (e) => page.faults.push(`script: ${e}`));
    page.on("response", (r) => r.status() >= 500 && page.faults.push(`${r.status()} ${r.url()}`));
    page.on("request", (r) => r.url().startsWith(this.service.base) || r.url().startsWith("data:") || page.faults.push(`asks elsewhere: ${r.url()}`));
    page.on("requestfinished", async (r) => (page.bytes += (await r.sizes().catch(() => ({ responseBodySize: 0 }))).responseBodySize));
    page.visit = async (to) => {
      const r = await page.goto(this.service.base + to, { waitUntil: javaScript ? "load" : "domcontentloaded" });
      page.status = r.status();
      return page;
    };
    return page.visit(path);
  }

  stop() { return this.chromium.close(); }
}

// sound asserts that a page has no fault: nothing on its console, nothing that axe-core
// finds serious, nothing wider than the window, and one heading of the first degree.
export async function sound(page, where) {
  assert.equal(await page.locator("h1").count(), 1, `${where}: headings of the first degree`);
  const wide = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${where}: ${wide} pixels wider than the window`);
  assert.deepEqual(await violations(page), [], `${where}: axe-core`);
  assert.deepEqual(page.faults, [], where);
}

// violations are those that axe-core finds serious or critical. It runs beside the page, in
// a world of its own, so the page's policy stays what it is.
async function violations(page) {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
  await session.send("Runtime.evaluate", { contextId: executionContextId, expression: await readFile(AXE, "utf8") });
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    contextId: executionContextId, awaitPromise: true, returnByValue: true,
    expression: `axe.run({ resultTypes: ["violations"] }).then((r) => r.violations.filter((v) => ["serious", "critical"].includes(v.impact))
      .map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120) + " (" + n.failureSummary.split("\\n")[1].trim() + ")").join(" | ")))`,
  });
  await session.detach();
  if (exceptionDetails) throw new Error(`axe-core: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
  return result.value;
}
