// Two @xmpp/client users, alice and bob, on two connectors through STARTTLS, or
// alice through WebSocket: login, roster, presence, chat, iq, a connection that is
// cut, logout.
//
// Settings (environment): XMPP_HOST, ALICE_PORT, BOB_PORT, ALICE_JID,
// ALICE_PASSWORD, BOB_JID, BOB_PASSWORD, ALICE_WEBSOCKET with a URL if alice is
// to use it, and NODE_TLS_REJECT_UNAUTHORIZED=0, as the service makes its own
// certificate.

import { webcrypto } from "node:crypto";

import { client, jid, xml } from "@xmpp/client";
import WebSocket from "ws";

import { Link } from "./link.mjs";

const NAME = `@xmpp/client, ${process.env.ALICE_WEBSOCKET ? "WebSocket" : "STARTTLS"}`;
const PATIENCE = 15_000; // milliseconds that one expectation may take
const ROSTER = "jabber:iq:roster";

globalThis.crypto ??= webcrypto; // Node 18 does not have it as a global
globalThis.WebSocket ??= WebSocket; // nor do Node 18 and 20 have this one

let step = "start";
const begin = (name) => (step = name);
const ok = () => console.log(`PASS ${NAME}: ${step}`);

function setting(name) {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

// Peer is one user at one connector; it remembers the stanzas it was sent.
class Peer {
  #seen = [];
  #waiting = new Set();

  // at makes a Peer whose connection is a Link.
  static async at(who) {
    const url = new URL(process.env[`${who}_WEBSOCKET`] ??
      `xmpp://${setting("XMPP_HOST")}:${setting(`${who}_PORT`)}`);
    const link = await Link.to(url.hostname, url.port);
    url.hostname = "127.0.0.1";
    url.port = link.port;
    return new Peer(who, `${url}`, link);
  }

  constructor(who, service, link) {
    this.link = link;
    this.jid = setting(`${who}_JID`);
    const account = jid(this.jid);
    this.xmpp = client({
      service,
      domain: account.domain,
      resource: "node",
      username: account.local,
      password: setting(`${who}_PASSWORD`),
      timeout: PATIENCE,
    });
    this.xmpp.reconnect.stop();
    this.xmpp.on("error", (error) => console.error(`${this.jid}: ${error}`));
    this.xmpp.on("element", (element) => this.#saw(element));
    this.xmpp.on("send", (element) => console.error(`${this.jid} SENT ${element}`));
  }

  async login() {
    this.name = (await within(this.xmpp.start(), `login of ${this.jid}`)).toString();
    // With Bind 2 (XEP-0386) the server adds to what the client calls itself.
    if (!`${this.name}/`.startsWith(`${this.jid}/node/`)) throw new Error(`bound to ${this.name}`);
  }

  // comeBack connects again and resumes the session (XEP-0198).
  async comeBack() {
    const resumed = new Promise((resolve) => this.xmpp.streamManagement.once("resumed", resolve));
    await this.xmpp.reconnect.reconnect();
    await within(resumed, `resumption by ${this.jid}`);
  }

  // cutOff cuts the connection and resolves when the client has noticed.
  async cutOff() {
    const noticed = new Promise((resolve) => this.xmpp.once("disconnect", resolve));
    this.link.cut();
    await within(noticed, `end of ${this.jid}'s connection`);
  }

  // never fails if an element that matches has come and was not taken.
  never(what, match) {
    const element = this.#seen.find(match);
    if (element) throw new Error(`${this.jid}: unwanted ${what}: ${element}`);
  }

  #saw(element) {
    console.error(`${this.jid} RECV ${element}`);
    this.#seen.push(element);
    for (const wake of this.#waiting) wake();
  }

  // expect resolves to the first element not yet taken that matches.
  async expect(what, match) {
    let wake;
    const found = new Promise((resolve) => {
      wake = () => {
        const index = this.#seen.findIndex(match);
        if (index >= 0) resolve(this.#seen.splice(index, 1)[0]);
      };
    });
    this.#waiting.add(wake);
    wake();
    try {
      return await within(found, `${this.jid}: ${what}`);
    } finally {
      this.#waiting.delete(wake);
    }
  }

  roster(kind, ...items) {
    return this.xmpp.iqCaller.request(
      xml("iq", { type: kind }, xml("query", { xmlns: ROSTER }, ...items)),
      PATIENCE,
    );
  }
}

async function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} in ${PATIENCE / 1000} s`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const presence = (from, type) => (element) =>
  element.is("presence") && element.attrs.type === type &&
  (element.attrs.from === from || jid(element.attrs.from ?? "").bare().toString() === from);

const push = (contact, subscription) => (element) => {
  const item = element.is("iq") && element.attrs.type === "set" &&
    element.getChild("query", ROSTER)?.getChild("item");
  return Boolean(item) && item.attrs.jid === contact && item.attrs.subscription === subscription;
};

async function logIn(alice, bob) {
  begin("login and bind on both connectors");
  await alice.login();
  await bob.login();
  ok();
  begin("roster get");
  for (const [peer, other] of [[alice, bob], [bob, alice]]) {
    const answer = await peer.roster("get");
    const items = answer.getChild("query", ROSTER).getChildren("item");
    if (items.some((item) => item.attrs.jid === other.jid)) {
      await peer.roster("set", xml("item", { jid: other.jid, subscription: "remove" }));
    }
  }
  ok();
  begin("own presence comes back");
  for (const peer of [alice, bob]) {
    await peer.xmpp.send(xml("presence"));
    await peer.expect("own presence", presence(peer.name));
  }
  ok();
}

async function subscribe(asker, contact) {
  begin(`${asker.jid} subscribes to ${contact.jid} and sees its presence`);
  await asker.xmpp.send(xml("presence", { to: contact.jid, type: "subscribe" }));
  await contact.expect("request", presence(asker.jid, "subscribe"));
  await contact.xmpp.send(xml("presence", { to: asker.jid, type: "subscribed" }));
  await asker.expect("push", push(contact.jid, "to"));
  await asker.expect("presence of the contact", presence(contact.name));
  ok();
}

async function chat(alice, bob) {
  begin("chat in both directions");
  for (const [sender, receiver] of [[alice, bob], [bob, alice]]) {
    const body = `héllo <&> from ${sender.jid} 🙂`;
    await sender.xmpp.send(
      xml("message", { to: receiver.jid, type: "chat" }, xml("body", {}, body)),
    );
    await receiver.expect("message", (element) =>
      element.is("message") && element.attrs.from === sender.name &&
      element.getChildText("body") === body);
  }
  ok();
  begin("iq to the other client is answered by it");
  const pong = await alice.xmpp.iqCaller.request(
    xml("iq", { type: "get", to: bob.name }, xml("ping", "urn:xmpp:ping")),
    PATIENCE,
  );
  if (pong.attrs.from !== bob.name) throw new Error(`answered by ${pong.attrs.from}`);
  ok();
}

// resume cuts alice's connection before and after what she said was handled. What
// is looked for is of this run: @xmpp/client does not count the answers to its own
// iqs, so that the last messages of a session look unread, and come again.
async function resume(alice, bob) {
  begin("a connection is cut, and the session resumed, of which bob sees nothing");
  const run = Date.now();
  const say = (from, to, body) => from.xmpp.send(xml("message", { to: to.name, type: "chat" }, xml("body", {}, body)));
  const body = (text) => (element) => element.is("message") && element.getChildText("body") === text;
  for (const handled of [false, true]) {
    await say(alice, bob, `${run} before, ${handled}`);
    if (handled) await bob.expect("message sent before", body(`${run} before, true`));
    await alice.cutOff();
    await say(bob, alice, `${run} meanwhile, ${handled}`);
    await alice.comeBack();
    await alice.expect("message sent meanwhile", body(`${run} meanwhile, ${handled}`));
    if (!handled) await bob.expect("message sent before", body(`${run} before, false`));
  }
  await say(alice, bob, `${run} after`);
  await bob.expect("message sent after", body(`${run} after`));
  bob.never("repetition", (element) => element.getChildText("body")?.startsWith(`${run}`));
  bob.never("sign of it", presence(alice.name, "unavailable"));
  ok();
}

async function logOut(alice, bob) {
  begin("clean logout, seen as unavailable");
  await within(bob.xmpp.stop(), "end of bob's stream");
  await alice.expect("unavailable", presence(bob.name, "unavailable"));
  await within(alice.xmpp.stop(), "end of alice's stream");
  ok();
}

try {
  const [alice, bob] = [await Peer.at("ALICE"), await Peer.at("BOB")];
  await logIn(alice, bob);
  await subscribe(alice, bob);
  await chat(alice, bob);
  await resume(alice, bob);
  await logOut(alice, bob);
} catch (error) {
  console.log(`FAIL ${NAME}: ${step}: ${error.message}`);
  process.exit(1);
}
process.exit(0);
