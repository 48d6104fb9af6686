// How people get in with a browser and out again, and what they may do there.

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

// link is a path that lets a viewer in once.
async function link(as) {
  return (await service.run("web", "--as", as)).trim().replace(service.base, "");
}

// enter opens a link and presses its button.
async function enter(as, options = {}) {
  const page = await browser.open({ ...options, path: await link(as), scope: "" });
  await Promise.all([page.waitForURL(service.base + "/"), page.getByRole("button", { name: "Log in" }).click()]);
  return page;
}

test("a link lets in once, by keyboard alone", async () => {
  const path = await link("reader");
  const page = await browser.open({ path, scope: "" });
  await sound(page, "the page of a link");
  await until("the button has the focus", () => page.evaluate(() => document.activeElement.textContent === "Log in"));
  await Promise.all([page.waitForURL(service.base + "/"), page.keyboard.press("Enter")]);
  assert.match(await page.locator("header").innerText(), /@/);
  await sound(page, "the overview");
  const again = await browser.open({ path, scope: "" });
  await again.getByRole("button", { name: "Log in" }).click();
  await again.getByRole("alert").waitFor();
  assert.match(await again.locator("main").innerText(), /was used/);
  for (const p of [page, again]) await p.context().close();
});

test("a link on somebody else's page needs no login, and a form there does nothing", async () => {
  const page = await enter("operator");
  await page.route("http://elsewhere.example/**", (route) => route.fulfill({
    contentType: "text/html",
    body: `<a href="${service.base}/sessions?state=available">a ticket</a><form method="post" action="${service.base}/logout"><button>win</button></form>`,
  }));
  await page.goto("http://elsewhere.example/");
  await Promise.all([page.waitForURL(`${service.base}/sessions?state=available`), page.getByText("a ticket").click()]);
  await page.goto("http://elsewhere.example/");
  await page.getByText("win").click();
  await page.getByText("another origin").waitFor();
  await page.visit("/");
  assert.equal(page.url(), `${service.base}/`, "still logged in");
  await page.context().close();
});

test("an operator ends a session, without JavaScript too, after one question", async () => {
  for (const javaScript of [true, false]) {
    const bob = await service.login("bob");
    const gone = new Promise((resolve) => bob.on("disconnect", resolve));
    const { items } = await until("bob is online", async () => {
      const answer = await service.json("/v1/sessions?account=bob@localhost");
      return answer.items.length && answer;
    });
    const page = await enter("operator", { javaScript });
    await page.visit(`/sessions/${items[0].id}`);
    await page.getByRole("link", { name: "End this session…" }).click();
    await page.getByLabel("Reason").fill("at noon");
    if (javaScript) await sound(page, "the question");
    await Promise.all([page.waitForURL(`${service.base}/sessions/${items[0].id}`), page.getByRole("button", { name: "End" }).click()]);
    await gone;
    assert.match(await page.locator("main").innerText(), /kicked[^]*at noon[^]*web:\S+@/);
    await page.context().close();
  }
});

test("a reader is offered no changes", async () => {
  const page = await enter("reader");
  await page.visit("/accounts/bob@localhost");
  assert.equal(await page.locator("main a.button").count(), 0);
  await page.visit("/bans/add");
  assert.equal(page.status, 403);
  await page.context().close();
});

test("a network is banned, and the ban lifted", async () => {
  const page = await enter("operator");
  await page.visit("/bans/add");
  await page.getByLabel("Address or network").fill("192.0.2.0/24");
  await page.getByLabel("For how long").fill("1h");
  await sound(page, "a ban");
  await page.getByRole("button", { name: "Ban" }).click();
  await page.getByRole("link", { name: "Lift…" }).click();
  await page.getByRole("button", { name: "Lift" }).click();
  await page.getByText("No network is banned.").waitFor();
  await page.context().close();
});

test("logging out ends all that the browser had open", async () => {
  const page = await enter("operator");
  const other = await page.context().newPage();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByText("You are logged out.").waitFor();
  await sound(page, "the page to log in");
  await other.goto(`${service.base}/events`);
  assert.equal(other.url(), `${service.base}/login?next=%2Fevents`);
  await page.context().close();
});
