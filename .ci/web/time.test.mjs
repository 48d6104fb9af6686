// The slider of the page Time: by pointer, by keyboard and without JavaScript.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { xml } from "@xmpp/client";

import { Browser, sound } from "./browser.mjs";
import { Service, until } from "./service.mjs";

let service, browser;

before(async () => {
  service = await Service.start();
  const alice = await service.login("alice", { resource: "laptop" });
  await alice.send(xml("presence"));
  browser = await Browser.start(service);
  await service.login("bob", { resource: "phone" });
});

after(async () => {
  await browser?.stop();
  await service?.stop();
});

// open gives a page that remembers its questions, and how many were under way at once.
async function open(path, options = {}) {
  const page = await browser.open({ ...options, path: "/login" });
  page.asked = [];
  page.most = 0;
  let open = 0;
  page.on("request", (r) => {
    const part = r.headers()["rollcall-part"];
    if (!part) return;
    page.asked.push(part);
    page.most = Math.max(page.most, ++open);
  });
  for (const over of ["requestfinished", "requestfailed"]) page.on(over, (r) => r.headers()["rollcall-part"] && open--);
  await page.visit(path);
  page.lead = () => page.locator("#moment .lead").innerText();
  page.curve = async (share) => {
    const box = await page.locator(".slider").boundingBox();
    return [box.x + share * box.width, box.y + 100];
  };
  page.says = (what, text) => until(what, async () => text.test(await page.locator("#moment").innerText().catch(() => "")));
  page.settled = () => until("the curve is drawn", async () => (await page.locator(".busy").innerText()) === "" && !(await page.locator("[data-late]").count()));
  if (options.javaScript !== false) await page.settled();
  return page;
}

// logSpan is from when to when the log is, as a query.
async function logSpan() {
  const log = await service.json("/v1/log");
  return `since=${new Date(Date.parse(log.first_time) - 1000).toISOString()}&until=${new Date().toISOString()}`;
}

test("a handle that is dragged asks when it is let go, and Back goes back", async () => {
  const page = await open(`/time?${await logSpan()}&at=1`);
  const asked = page.asked.length;
  await page.mouse.move(...(await page.curve(0.9)));
  await page.mouse.down();
  await page.mouse.move(...(await page.curve(0.8)), { steps: 5 });
  await page.mouse.move(...(await page.curve(0.99)), { steps: 5 });
  assert.equal(page.asked.length, asked, "questions while it is dragged");
  assert.match(await page.locator("[data-handle=at] .flag").textContent(), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  await page.mouse.up();
  await page.says("alice is in the table", /alice@localhost\/laptop/);
  assert.deepEqual(page.asked.slice(asked), ["moment"]);
  assert.match(await page.lead(), /behind, after sequence/);
  assert.match(page.url(), /[?&]at=20/);
  await page.goBack();
  await page.says("the first event", /after sequence 1\b/);
  assert.doesNotMatch(await page.locator("#moment").innerText(), /alice@localhost\/laptop/);
  await sound(page, "time");
  await page.context().close();
});

test("only the last question counts", async () => {
  const page = await open(`/time?${await logSpan()}&at=1`);
  let first = true;
  await page.route("**/time?**", async (route) => {
    if (first) {
      first = false;
      await new Promise((done) => setTimeout(done, 1000));
    }
    await route.continue().catch(() => {}); // it was given up
  });
  for (const share of [0.2, 0.99]) await page.mouse.click(...(await page.curve(share)));
  await page.says("the moment of the second click", /alice@localhost\/laptop/);
  const url = page.url();
  await new Promise((done) => setTimeout(done, 1200));
  assert.equal(page.url(), url);
  assert.match(await page.locator("#moment").innerText(), /alice@localhost\/laptop/);
  await page.context().close();
});

test("the keyboard alone is enough", async () => {
  const page = await open("/time");
  assert.match(await page.lead(), /^.?\s*live/);
  await page.locator("[data-handle=at]").focus();
  const text = () => page.locator("[data-handle=at]").getAttribute("aria-valuetext");
  const was = await text();
  await page.keyboard.press("Home");
  await page.says("a moment of the past", /behind/);
  assert.notEqual(await text(), was);
  assert.equal(await page.evaluate(() => document.activeElement.dataset.handle), "at", "the focus stays");
  await page.locator("#moment input[name=at]").fill("3");
  await page.keyboard.press("Enter");
  await page.says("the third event", /after sequence 3\b/);
  await page.locator("h1").click();
  for (const [key, seq] of [["[", 2], ["[", 1], ["]", 2]]) {
    await page.keyboard.press(key);
    await page.says(`${key} is ${seq}`, new RegExp(`after sequence ${seq}\\b`));
  }
  await page.keyboard.press("l");
  await page.says("live", /live after sequence/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("what is live follows, and stops when it is left", async () => {
  const page = await open("/time");
  const carol = await service.login("carol", { resource: "tablet" });
  await page.says("carol is online", /carol@localhost\/tablet/);
  await page.keyboard.press("[");
  await page.says("the past", /behind/);
  const asked = page.asked.length;
  await carol.stop();
  await until("the service knows that she is gone", async () => !JSON.stringify(await service.json("/v1/sessions")).includes("carol@"));
  await new Promise((done) => setTimeout(done, 1500));
  assert.equal(page.asked.length, asked, "questions about now");
  assert.match(await page.locator("#moment").innerText(), /carol@localhost\/tablet/);
  await page.keyboard.press("l");
  await page.says("live again", /live after sequence/);
  await until("carol is gone", async () => !(await page.locator("#moment").innerText()).includes("carol@"));
  await page.context().close();
});

test("what is played goes on by one question at a time, and stops at now", async () => {
  const page = await open(`/time?${await logSpan()}&at=1`);
  await page.route("**/time?**", async (route) => {
    await new Promise((done) => setTimeout(done, 700));
    await route.continue();
  });
  await page.locator(".player input").fill("1"); // ten times as fast
  await page.locator(".player button").click();
  assert.equal(await page.locator(".player button").getAttribute("aria-label"), "Pause");
  await page.says("it has arrived at now", /live after sequence/);
  assert.equal(await page.locator(".player button").getAttribute("aria-label"), "Play");
  assert.equal(page.most, 1, "questions at once");
  await page.context().close();
});

test("two handles tell what differs, by keyboard too", async () => {
  const span = await logSpan();
  const page = await open(`/time?${span}&from=1`);
  await page.says("who came", /alice@localhost\/laptop/);
  const first = page.locator("[data-handle=from]");
  assert.equal(await first.getAttribute("role"), "slider");
  await first.focus();
  await page.keyboard.press("End");
  await page.says("nothing is left", /Nothing is different/);
  await sound(page, "compared");
  await page.context().close();
});

test("what is compared is walked through by steps, by keys and by playing", async () => {
  const page = await open("/time");
  await page.locator("[data-step=compare]").click();
  await page.says("from the beginning until now", /to now/);
  const box = (name) => page.locator(`[data-handle=${name}] circle`).boundingBox();
  const [from, to] = [await box("from"), await box("to")];
  assert.ok(from && to && to.x > from.x, `the handles are at ${JSON.stringify([from, to])}`);
  await page.locator("[data-handle=from]").focus();
  const before = page.url();
  await page.keyboard.press("ArrowRight");
  await until("another first moment is shown", () => page.url() !== before);
  assert.ok(await box("to"), "the second is still there");
  await page.locator("#moment input[name=from]").fill("1");
  await page.locator("#moment input[name=to]").fill("2");
  await page.keyboard.press("Enter");
  await page.says("two records", /From sequence 1 to sequence 2\b/);
  await page.locator("h1").click();
  for (const [key, seq] of [["]", 3], ["]", 4], ["[", 3]]) {
    await page.keyboard.press(key);
    await page.says(`${key} is ${seq}`, new RegExp(`From sequence 1 to sequence ${seq}\\b`));
  }
  await page.locator(".player input").fill("5");
  await page.locator(".player button").click();
  await page.says("it has arrived at now", /From sequence 1 to now/);
  assert.ok(await box("to"));
  await page.locator(".player button").click();
  assert.equal(await page.locator(".player button").getAttribute("aria-label"), "Pause", "from the first moment again");
  await page.says("it has arrived at now again", /From sequence 1 to now/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a page of the past that goes live follows", async () => {
  const page = await open("/time?at=1");
  await page.keyboard.press("l");
  await page.says("live", /live after sequence/);
  const carol = await service.login("carol", { resource: "desk" });
  await page.says("carol is online", /carol@localhost\/desk/);
  await carol.stop();
  await page.context().close();
});

test("a part of the curve is chosen with Shift", async () => {
  const page = await open(`/time?${await logSpan()}&at=1`);
  await page.keyboard.down("Shift");
  await page.mouse.move(...(await page.curve(0.4)));
  await page.mouse.down();
  await page.mouse.move(...(await page.curve(0.6)), { steps: 3 });
  const [since, end] = await page.locator("#chart").evaluate((c) => [Number(c.dataset.since), Number(c.dataset.until)]);
  await page.mouse.up();
  await page.keyboard.up("Shift");
  await until("the curve is of that part", async () => {
    const [s, u] = await page.locator("#chart").evaluate((c) => [Number(c.dataset.since), Number(c.dataset.until)]);
    return s > since && u < end;
  });
  await page.context().close();
});

test("without JavaScript the curve is clicked on, and each step is a link", async () => {
  const page = await open(`/time?${await logSpan()}`, { javaScript: false });
  const [x, y] = await page.curve(0.99);
  await Promise.all([page.waitForEvent("domcontentloaded"), page.mouse.click(x, y)]);
  assert.match(await page.lead(), /behind/);
  await page.locator("#moment input[name=at]").fill("2");
  await Promise.all([page.waitForEvent("domcontentloaded"), page.locator("#moment form button").click()]);
  assert.match(await page.lead(), /after sequence 2\b/);
  await Promise.all([page.waitForEvent("domcontentloaded"), page.locator("[data-step=back]").click()]);
  assert.match(await page.lead(), /after sequence 1\b/);
  await page.context().close();
});
