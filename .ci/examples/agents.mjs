// A user of @xmpp/client, which says what software it is (XEP-0388), whose connection is cut
// and who resumes the session (XEP-0198), or loses it.
//
// Settings (environment): XMPP_HOST, PORT, CAROL_JID, CAROL_PASSWORD, and
// NODE_TLS_REJECT_UNAUTHORIZED=0, as the service makes its own certificate.

import { webcrypto } from "node:crypto";

import { client, jid, xml } from "@xmpp/client";

import { Link } from "../clients/link.mjs";

const { XMPP_HOST, PORT, CAROL_JID, CAROL_PASSWORD } = process.env;
const PATIENCE = 60_000; // milliseconds that all of it may take
const AGENT = xml("user-agent", { id: webcrypto.randomUUID() },
  xml("software", {}, "Examplary 4.2"), xml("device", {}, "a machine of CI"));

globalThis.crypto ??= webcrypto; // Node 18 does not have it as a global

// visit logs in, loses the connection and resumes the session so many times; at the end it
// logs out, or is cut off and does not come back.
async function visit(resumes, { returns }) {
  const link = await Link.to(XMPP_HOST, PORT);
  const account = jid(CAROL_JID);
  const xmpp = client({
    service: `xmpp://127.0.0.1:${link.port}`, domain: account.domain, resource: "node",
    username: account.local, password: CAROL_PASSWORD, userAgent: AGENT, timeout: PATIENCE,
  });
  xmpp.reconnect.stop();
  xmpp.on("error", (error) => console.error(`${error}`));
  await xmpp.start();
  await xmpp.send(xml("presence"));
  for (let n = 0; n < resumes; n++) {
    await cut(xmpp, link);
    const resumed = happens(xmpp.streamManagement, "resumed");
    await xmpp.reconnect.reconnect();
    await resumed;
  }
  await (returns ? xmpp.stop() : cut(xmpp, link));
  link.close();
}

// happens waits for an event, whatever errors there are meanwhile.
const happens = (emitter, name) => new Promise((resolve) => emitter.once(name, resolve));

async function cut(xmpp, link) {
  const gone = happens(xmpp, "disconnect");
  link.cut();
  await gone;
}

setTimeout(() => { throw new Error("it takes too long"); }, PATIENCE).unref();
await visit(2, { returns: true });
await visit(1, { returns: true });
await visit(1, { returns: false });
process.exit();
