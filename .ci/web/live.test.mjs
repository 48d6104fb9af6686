// What pages show of a moment at which somebody comes, goes, or is cut off.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { xml } from "@xmpp/client";

import { Browser, sound } from "./browser.mjs";
import { Service, until } from "./service.mjs";

const SOON = 1000; // milliseconds within which a page shows what has happened

let service, browser;

before(async () => {
  service = await Service.start();
  browser = await Browser.start(service);
});

after(async () => {
  await browser?.stop();
  await service?.stop();
});

// shows waits until a page shows a text, and gives how long it took.
async function shows(page, what, ask) {
  const begin = performance.now();
  await until(what, () => page.evaluate(ask), 10_000);
  return performance.now() - begin;
}

const figure = (label) => `[...document.querySelectorAll(".figures li")].find((li) => li.textContent.includes("${label}"))?.querySelector("b").textContent`;

test("the overview shows within a second who comes, goes away, and is killed", async () => {
  await service.connector("c2");
  const page = await browser.open({ path: "/" });
  await shows(page, "nobody", `${figure("online")} === "0"`);
  const alice = await service.login("alice", { at: "c2" });
  const came = await shows(page, "alice came", `${figure("online")} === "1"`);
  await alice.send(xml("presence"));
  const available = await shows(page, "alice is available", `${figure("available")} === "1"`);
  await service.kill("c2");
  await until("her session has ended", async () => (await service.json("/v1/table")).sessions === 0);
  const lost = await shows(page, "alice is gone", `${figure("online")} === "0"`);
  await sound(page, "the overview");
  console.log(`came ${came | 0} ms, available ${available | 0} ms, lost ${lost | 0} ms`);
  for (const [what, took] of Object.entries({ came, available, lost })) assert.ok(took <= SOON, `${what}: after ${took} ms`);
  await page.context().close();
});

test("the list of sessions says that there are new ones, and moves no row", async () => {
  const bob = await service.login("bob", { resource: "one" });
  const page = await browser.open({ path: "/sessions" });
  const rows = () => page.locator("main table tbody tr").count();
  assert.equal(await rows(), 1);
  await service.login("carol");
  await page.locator(".news button").waitFor();
  assert.equal(await rows(), 1, "a row came by itself");
  await page.locator(".news button").click();
  await until("carol is in the list", async () => (await rows()) === 2);
  await bob.stop();
  await sound(page, "sessions");
  await page.context().close();
});

test("a list of sessions counts no event of others", async () => {
  const [page, some] = [await browser.open({ path: "/sessions?filter=resource:seen*" }), await browser.open({ path: "/sessions?state=lost" })];
  const news = page.locator(".news button");
  await service.login("bob", { resource: "unseen" });
  await some.getByRole("button", { name: "There may be changes: show" }).waitFor();
  assert.equal(await news.count(), 0);
  const seen = await service.login("bob", { resource: "seen-first" });
  await news.waitFor();
  const told = Number((await news.textContent()).match(/^(\d+) new changes?: show$/)[1]);
  const { items } = await service.json("/v1/events?filter=resource:seen*+type:bound,presence_available,roster_requested");
  assert.ok(told <= items.length, `${told} of ${items.length}`);
  await seen.stop();
  await page.context().close();
  await some.context().close();
});

test("the events come by themselves, and wait while they are paused", async () => {
  const page = await browser.open({ path: "/events?filter=type:authenticated" });
  const rows = () => page.locator("[data-tail] tr").count();
  const begin = await rows();
  await service.login("alice", { resource: "first" });
  await until("her login is shown", async () => (await rows()) === begin + 1, 5000);
  const [made, given] = await page.locator("[data-tail] tr").first().evaluate(async (tr) => {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const cells = (row) => [...row.cells].map((c) => c.innerHTML.replace(/ class=""| datetime="[^"]*"/g, "").trim());
    return [cells(tr), cells(page.querySelector("[data-tail] tr"))];
  });
  assert.deepEqual(made, given, "a row by the script and one by the server");
  await page.getByRole("button", { name: "Pause" }).click();
  await service.login("alice", { resource: "second" });
  await page.locator(".news button").waitFor();
  assert.equal(await rows(), begin + 1);
  await page.locator(".news button").click();
  await until("both are shown", async () => (await rows()) === begin + 2);
  await sound(page, "events");
  await page.context().close();
});

test("a page that nobody sees asks for nothing", async () => {
  const page = await browser.open({ path: "/" });
  const asked = [];
  await page.waitForTimeout(300);
  page.on("request", (r) => asked.push(r.url()));
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, value: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  const readers = async () => Number((await (await fetch(`${service.base}/metrics`, { headers: { Authorization: `Bearer ${await service.token("admin")}` } })).text())
    .match(/^rollcall_sse_clients (\d+)/m)?.[1]);
  await until("the stream is closed", async () => (await readers()) === 0);
  await service.login("bob", { resource: "unseen" });
  assert.deepEqual(asked, []);
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, value: false });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await until("it asks again", () => asked.length > 0);
  await page.context().close();
});
