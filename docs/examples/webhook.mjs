// Posts each end of a session to a URL, in order.
//
//     npm install @nats-io/jetstream @nats-io/transport-node
//     rollcall feed add webhook --event closed --in-order
//     export TOKEN=$(rollcall token add webhook)
//     node webhook.mjs nats://127.0.0.1:4222 https://example.org/hook
//
// NATS keeps in the feed "webhook" what was posted last: started again, this program goes on
// there. The stream is there if a process of the service has the role publisher. An end is
// posted until the answer is a 2xx, and is posted again if this program is killed before it
// has said so; if NATS is killed, so may be some before it. The event's id tells.

import { setTimeout as wait } from "node:timers/promises";

import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

const [server, hook] = process.argv.slice(2);

const connection = await connect({ servers: server, token: process.env.TOKEN, maxReconnectAttempts: -1 });

async function post(message) {
  const event = message.json();
  const headers = { "Content-Type": "application/cloudevents+json", "Idempotency-Key": event.id };
  for (;;) {
    const answer = await fetch(hook, { method: "POST", headers, body: JSON.stringify(event) }).catch(() => null);
    if (answer?.ok) return;
    message.working(); // it is not to be given again
    await wait(1000);
  }
}

const consumer = await jetstream(connection).consumers.get("RC_PUBLIC", "webhook");
for await (const message of await consumer.consume({ max_messages: 1 })) {
  await post(message);
  message.ack();
}
