// Each page of the navigation, in each form in which people meet it.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { xml } from "@xmpp/client";

import { Browser, sound } from "./browser.mjs";
import { Service, until } from "./service.mjs";

const LARGEST = 60 << 10; // bytes of a first page with its files

let service, browser, paths;

// A day in short: alice is online, bob logged out, carol's client is gone with its
// connector, and somebody did not know a password.
before(async () => {
  service = await Service.start();
  await service.connector("c2");
  const alice = await service.login("alice", { resource: "laptop" });
  await alice.send(xml("presence"));
  const bob = await service.login("bob");
  await bob.stop();
  await service.login("carol", { at: "c2", resource: "phone" });
  await service.login("alice", { password: "wrong" }).catch(() => {});
  await service.kill("c2");
  await until("c2 is lost", async () => !(await service.json("/v1/connectors")).items.some((c) => c.name === "c2" && c.state === "alive"));
  browser = await Browser.start(service);
  const page = await browser.open();
  paths = await page.locator("nav a").evaluateAll((links) => links.map((a) => a.getAttribute("href")));
  await page.context().close();
});

after(async () => {
  await browser?.stop();
  await service?.stop();
});

async function picture(page, name) {
  const dir = process.env.SCREENSHOTS;
  if (!dir) return;
  await mkdir(dir, { recursive: true });
  await page.screenshot({ path: join(dir, `${name}.png`), fullPage: true });
}

test("every page is sound, small and large, light and dark", async (t) => {
  for (const path of [...paths, "/accounts/alice@localhost", "/accounts/carol@localhost"]) {
    for (const [width, dark] of [[1440, false], [1440, true], [380, false], [380, true]]) {
      const where = `${path} at ${width} pixels, ${dark ? "dark" : "light"}`;
      await t.test(where, async () => {
        const page = await browser.open({ path, width, dark });
        assert.equal(page.status, 200, where);
        await picture(page, `${path.slice(1).replaceAll("/", "-") || "overview"}-${width}-${dark ? "dark" : "light"}`);
        await sound(page, where);
        assert.ok(page.bytes <= LARGEST, `${where}: ${page.bytes} bytes`);
        await page.context().close();
      });
    }
  }
});

test("the header takes two lines on a notebook, and no third", async () => {
  const page = await browser.open({ width: 1280 });
  await page.visit("/?zone=America/Argentina/ComodRivadavia");
  for (const line of ["header > div", "header > nav"]) {
    const tops = await page.locator(`${line} > *`).evaluateAll((all) => all.filter((e) => e.offsetParent).map((e) => e.offsetTop + e.offsetHeight / 2));
    assert.ok(Math.max(...tops) - Math.min(...tops) < 15, `${line} wraps: ${tops}`);
  }
  await page.context().close();
});

test("every page is whole without JavaScript", async (t) => {
  for (const path of paths) {
    await t.test(path, async () => {
      const [without, with_] = await Promise.all([browser.open({ path, javaScript: false }), browser.open({ path })]);
      // What is counted goes on, and rows come: what stays is what they are called.
      const text = (page) => page.locator("main").evaluate((main) =>
        [...main.querySelectorAll("h1, h2, th, label, dt, summary, .lead")].map((e) => e.textContent.replace(/[\d:.,]+/g, "#").trim()).join("\n"));
      assert.equal(await text(without), await text(with_));
      await without.context().close();
      await with_.context().close();
    });
  }
});

test("every link of every page leads somewhere", async () => {
  const page = await browser.open();
  const seen = new Set(), next = [...paths];
  while (next.length > 0 && seen.size < 150) {
    const path = next.shift();
    if (seen.has(path)) continue;
    seen.add(path);
    const answer = await until(`${path} is not too fast`, async () => {
      const one = await page.request.get(service.base + path, { timeout: 15_000 });
      return one.status() !== 429 && one;
    });
    assert.ok(answer.status() < 400, `${path}: ${answer.status()} ${(await answer.text()).slice(0, 300)}`);
    if (!answer.headers()["content-type"]?.startsWith("text/html")) continue;
    const links = [...(await answer.text()).matchAll(/href="(\/[^"#]*)/g)].map((m) => m[1].replaceAll("&amp;", "&").replaceAll("&#43;", "+"));
    for (const to of links) {
      if (!/^\/(static|v1\/(events\.ndjson|events\/stream|accounts\/[^/]+\/export)|logout)/.test(to)) next.push(to);
    }
  }
  await page.context().close();
});

test("a viewer gets around by keyboard alone", async () => {
  const page = await browser.open();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  for (const path of paths) {
    await page.visit("/");
    const reached = await until(`${path} has the focus`, async () => {
      await page.keyboard.press("Tab");
      return page.evaluate((to) => document.activeElement.getAttribute("href") === to && document.activeElement.closest("nav") !== null, path);
    });
    assert.ok(reached);
    await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
    assert.equal(page.url(), service.base + path);
  }
  await page.context().close();
});

test("whoever has no token is told how to get in, on every page", async () => {
  for (const path of paths) {
    const page = await browser.open({ path, scope: "" });
    assert.match(await page.locator("main").innerText(), /token|code|log in/i);
    page.faults = page.faults.filter((f) => !f.includes("401"));
    await sound(page, path);
    await page.context().close();
  }
});
