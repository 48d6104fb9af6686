// Pages where there is nothing to show yet, where not everything may be shown, and where
// the log can't be reached.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Browser, sound } from "./browser.mjs";
import { Service, until } from "./service.mjs";

let service, browser;

before(async () => {
  service = await Service.start();
  browser = await Browser.start(service);
});

after(async () => {
  await browser?.stop();
  await service?.stop();
});

const text = (page) => page.locator("main").innerText();

test("where nobody has ever logged in, the sessions say how to", async () => {
  const page = await browser.open({ path: "/sessions" });
  const said = await text(page);
  assert.match(said, /log in|logs in/i);
  assert.ok(said.includes(`127.0.0.1:${service.ports.c1}`), said);
  await sound(page, "sessions of nobody");
  await page.context().close();
});

test("a moment before the log's beginning says so", async () => {
  for (const path of ["/sessions?at=2001-02-03T04:05:06Z", "/time?at=2001-02-03T04:05:06Z", "/explain?to=alice@localhost&at=2001-02-03T04:05:06Z"]) {
    const page = await browser.open({ path });
    assert.match(await text(page), /begin|before/i, path);
    await sound(page, path);
    await page.context().close();
  }
});

test("a viewer who may not see something is told which scope it takes", async () => {
  const page = await browser.open({ path: "/access", scope: "read" });
  assert.equal(page.status, 403);
  assert.match(await text(page), /scope audit/);
  page.faults = page.faults.filter((f) => !f.includes("403"));
  await sound(page, "the access log of a reader");
  await page.context().close();
});

test("while the log can't be reached every page says so, and goes on when it is back", async () => {
  const base = await service.reader("reader");
  await service.token("admin");
  await service.kill("c1");
  const cut = { ...service, base, token: (scope) => service.token(scope) };
  const away = await Browser.start(cut);
  try {
    await until("the process knows", async () => (await fetch(`${base}/readyz`)).status === 503);
    const page = await away.open({ path: "/" });
    for (const path of await page.locator("nav a").evaluateAll((links) => links.map((a) => a.getAttribute("href")))) {
      await page.visit(path);
      assert.ok([200, 503].includes(page.status), `${path}: ${page.status}`);
      assert.ok((await text(page)).length > 40, path);
      if (page.status === 503) assert.match(await text(page), /log|NATS|reach|again/i, path);
    }
    await page.visit("/events");
    assert.equal(page.status, 503);
    service.upC1();
    await page.waitForSelector("main table tbody tr", { timeout: 60_000 }); // the page asked again by itself
    await page.context().close();
  } finally {
    await away.stop();
  }
});
