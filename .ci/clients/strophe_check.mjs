// alice with Strophe.js over WebSocket, whose address it discovers, and bob with
// @xmpp/client over TCP on another connector: login, roster, presence, chat, a
// clean logout, and a refused password.
//
// Settings (environment): XMPP_HOST, ALICE_WEB (host:port of HTTP), BOB_PORT,
// ALICE_JID, ALICE_PASSWORD, BOB_JID, BOB_PASSWORD, and
// NODE_TLS_REJECT_UNAUTHORIZED=0.

import { webcrypto } from "node:crypto";

import { client, jid, xml } from "@xmpp/client";

globalThis.crypto ??= webcrypto; // Node 18 does not have it as a global
const { $iq, $msg, $pres, Strophe } = await import("strophe.js");
Strophe.setLogLevel(Strophe.LogLevel.ERROR); // it logs to where results go

const NAME = "Strophe.js, WebSocket";
const PATIENCE = 15_000; // milliseconds that one expectation may take

let step = "start";
const begin = (name) => (step = name);
const ok = () => console.log(`PASS ${NAME}: ${step}`);

function setting(name) {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

async function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} in ${PATIENCE / 1000} s`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// discover asks for the WebSocket's address (XEP-0156).
async function discover() {
  const at = `http://${setting("ALICE_WEB")}/.well-known/host-meta.json`;
  const { links } = await (await fetch(at)).json();
  return links.find((link) => link.rel === "urn:xmpp:alt-connections:websocket").href;
}

// Page is a Strophe connection that waits for its states and stanzas.
class Page {
  #states = [];
  #stanzas = [];
  #wake = new Set();

  constructor(url) {
    this.connection = new Strophe.Connection(url);
    this.connection.rawInput = (text) => console.error(`strophe RECV ${text}`);
    this.connection.rawOutput = (text) => console.error(`strophe SENT ${text}`);
  }

  connect(user, password) {
    this.connection.connect(user, password, (state) => this.#note(this.#states, state));
    this.connection.addHandler((stanza) => {
      this.#note(this.#stanzas, stanza);
      return true; // go on
    });
  }

  #note(list, item) {
    list.push(item);
    for (const wake of this.#wake) wake();
  }

  #until(what, list, match) {
    let wake;
    const found = new Promise((resolve) => {
      wake = () => {
        const index = list.findIndex(match);
        if (index >= 0) resolve(list.splice(index, 1)[0]);
      };
    });
    this.#wake.add(wake);
    wake();
    return within(found, what).finally(() => this.#wake.delete(wake));
  }

  state(name) {
    return this.#until(name, this.#states, (state) => state === Strophe.Status[name]);
  }

  stanza(what, match) {
    return this.#until(what, this.#stanzas, match);
  }

  ask(iq) {
    return new Promise((resolve, reject) => {
      this.connection.sendIQ(iq, resolve, (e) => reject(new Error(e ? Strophe.serialize(e) : "no answer")), PATIENCE);
    });
  }
}

async function logInBob() {
  const account = jid(setting("BOB_JID"));
  const bob = client({
    service: `xmpp://${setting("XMPP_HOST")}:${setting("BOB_PORT")}`,
    domain: account.domain, resource: "node", username: account.local, password: setting("BOB_PASSWORD"),
  });
  bob.reconnect.stop();
  bob.on("error", (error) => console.error(`bob: ${error}`));
  await within(bob.start(), "login of bob");
  return bob;
}

const body = (text) => (m) => m.getElementsByTagName("body")[0]?.textContent === text;

async function check() {
  begin("host-meta names the WebSocket");
  const url = await within(discover(), "host-meta");
  ok();
  begin("a wrong password is refused");
  const wrong = new Page(url);
  wrong.connect(setting("ALICE_JID"), "wrong");
  await wrong.state("AUTHFAIL");
  wrong.connection.disconnect();
  ok();
  begin("login, roster and own presence");
  const alice = new Page(url);
  alice.connect(`${setting("ALICE_JID")}/strophe`, setting("ALICE_PASSWORD"));
  await alice.state("CONNECTED");
  await within(alice.ask($iq({ type: "get" }).c("query", { xmlns: "jabber:iq:roster" })), "roster");
  alice.connection.send($pres());
  await alice.stanza("own presence", (s) => s.nodeName === "presence" && s.getAttribute("from") === alice.connection.jid);
  ok();
  begin("chat in both directions");
  const bob = await logInBob();
  const heard = new Promise((resolve) =>
    bob.on("stanza", (s) => s.getChildText("body") === "to bob <&> 🙂" && resolve(s)));
  alice.connection.send($msg({ to: `${bob.jid}`, type: "chat" }).c("body").t("to bob <&> 🙂"));
  const message = await within(heard, "message at bob");
  await bob.send(xml("message", { to: message.attrs.from, type: "chat" }, xml("body", {}, "to alice <&> 🙂")));
  await alice.stanza("message at alice", body("to alice <&> 🙂"));
  ok();
  begin("clean logout");
  alice.connection.disconnect("done");
  await alice.state("DISCONNECTED");
  await within(bob.stop(), "end of bob's stream");
  ok();
}

try {
  await check();
} catch (error) {
  console.log(`FAIL ${NAME}: ${step}: ${error.message}`);
  process.exit(1);
}
process.exit(0);
