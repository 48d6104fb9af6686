// The lanes of an account: where they begin, what their axis says, and what a click leads to.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Browser, sound } from "./browser.mjs";
import { Service, until } from "./service.mjs";

let service, browser;

before(async () => {
  service = await Service.start();
  browser = await Browser.start(service);
  for (const resource of ["first", "second"]) await (await service.login("alice", { resource })).stop();
  await service.login("alice", { resource: "third" });
  await until("all of it is known", async () => JSON.stringify(await service.json("/v1/sessions")).includes("third"));
});

after(async () => {
  await browser?.stop();
  await service?.stop();
});

test("on a small screen the lanes begin with what is newest, beside the names of all", async () => {
  const page = await browser.open({ path: "/accounts/alice@localhost", width: 380 });
  const seen = await page.locator(".newest").evaluate((box) => {
    const outer = box.getBoundingClientRect(), chart = box.querySelector("svg").getBoundingClientRect();
    const name = box.querySelector(".names a"), at = name.getBoundingClientRect();
    return { scrolls: box.scrollWidth > box.clientWidth, ends: Math.abs(chart.right - outer.right), name: name.textContent.split("/")[0], on: document.elementFromPoint(at.left + 2, at.top + 5) === name };
  });
  assert.deepEqual({ ...seen, ends: seen.ends < 2 }, { scrolls: true, ends: true, name: "third", on: true });
  await sound(page, "an account at 380 pixels");
  await page.context().close();
});

test("the lanes of a wide screen begin at its left", async () => {
  const page = await browser.open({ path: "/accounts/alice@localhost" });
  const left = await page.locator(".newest").evaluate((box) => box.querySelector(".names").getBoundingClientRect().left - box.getBoundingClientRect().left);
  assert.ok(left < 2, `${left} pixels away from it`);
  await page.context().close();
});

test("zooming into a week in which little was leads to that", async () => {
  const page = await browser.open({ path: "/accounts/alice@localhost?since=-7d" });
  await page.getByRole("link", { name: "zoom in" }).click();
  await page.waitForURL(/since=2/);
  assert.equal(await page.locator(".names li").count(), 3);
  const since = Date.parse(new URL(page.url()).searchParams.get("since"));
  assert.ok(Date.now() - since < 10 * 60_000, `it begins ${Date.now() - since} ms ago`);
  await page.context().close();
});

test("an axis of hours says of which day they are, and fields have the page's zone", async () => {
  const page = await browser.open({ path: "/time?since=2020-07-31T10:00:00Z&until=2020-07-31T12:00:00Z&at=2020-07-31T11:30:00Z&zone=Europe/Berlin" });
  const axis = await page.locator(".slider > text").allTextContents();
  assert.ok(axis.includes("31 Jul 2020"), `${axis}`);
  assert.equal(await page.locator("#moment input[name=at]").inputValue(), "2020-07-31 13:30:00");
  await page.locator("#moment form button").click();
  await until("the same moment", async () => /2020-07-31 13:30:00/.test(await page.locator("#moment .lead").innerText()));
  await page.visit("/accounts/alice@localhost?since=2020-07-31T10:00:00Z");
  assert.equal(await page.locator("input[name=since]").inputValue(), "2020-07-31 12:00:00");
  await page.context().close();
});
