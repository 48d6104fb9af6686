// A service that stops while pages are open, and comes back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { xml } from "@xmpp/client";

import { Browser } from "./browser.mjs";
import { Service, until } from "./service.mjs";

let service, browser;

before(async () => {
  service = await Service.start();
  browser = await Browser.start(service);
  const alice = await service.login("alice", { resource: "laptop" });
  await alice.send(xml("presence"));
});

after(async () => {
  await browser?.stop();
  await service?.stop();
});

const news = (page) => page.locator(".news").innerText();
const AWAY = /The service cannot (be reached|answer yet), since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\./;

// mark is what stands before the first state on a page that is called good.
const mark = (page) => page.locator("main .good").first().evaluate((e) => getComputedStyle(e, "::before").content);

test("pages say since when the service cannot be reached, call nothing live, and go on by themselves", async () => {
  const pages = {};
  for (const path of ["/connectors", "/sessions", "/time", "/time?at=2"]) pages[path] = await browser.open({ path });
  for (const path of ["/connectors", "/sessions", "/time"]) assert.match(await mark(pages[path]), /●/, path);
  await service.kill("c1");
  for (const path of ["/connectors", "/sessions", "/time"]) {
    const page = pages[path];
    await until(`${path} says so`, async () => AWAY.test(await news(page)));
    assert.match(await mark(page), /was/, path);
  }
  const past = pages["/time?at=2"];
  await past.keyboard.press("[");
  await until("the question about the past says so", async () => AWAY.test(await news(past)));
  assert.doesNotMatch(await past.locator("main").innerText(), /Failed to fetch/);
  service.upC1();
  for (const [path, page] of Object.entries(pages)) await until(`${path} is as it was`, async () => !(await news(page)).includes("since"));
  for (const path of ["/connectors", "/time"]) await until(`${path} is live`, async () => /●/.test(await mark(pages[path]).catch(() => "")));
  await until("the question is answered", async () => /after sequence 1\b/.test(await past.locator("#moment").innerText()));
  await service.login("bob", { resource: "phone" });
  await until("what happens is told again", async () => (await pages["/time"].locator("#moment").innerText()).includes("bob@localhost/phone"));
  await until("and on the list", async () => /: show/.test(await news(pages["/sessions"])));
});

// A process whose connector takes no clients is not ready for them, and answers pages.
test("pages go on by themselves where the connector is drained", async () => {
  const page = await browser.open({ path: "/time?at=2" });
  await service.run("drain", "c1", "--for", "0s", "--force");
  await page.context().setOffline(true);
  await page.keyboard.press("[");
  await until("the page says so", async () => AWAY.test(await news(page)));
  await page.context().setOffline(false);
  await until("the page is as it was", async () => !(await news(page)).includes("since"));
  await service.run("drain", "c1", "--undo");
});
