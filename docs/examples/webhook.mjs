// Posts each end of a session to a URL, in order.
//
//     npm install @nats-io/jetstream @nats-io/transport-node
//     node webhook.mjs nats://127.0.0.1:4222 https://example.org/hook
//
// NATS keeps in the consumer "webhook" what was posted last: started again, this program goes
// on there. The stream is there if a process of the service has the role publisher. An end is
// posted until the answer is a 2xx, and is posted again if this program is killed before it
// has said so; if NATS is killed, so may be some before it. The event's id tells.

import { setTimeout as wait } from "node:timers/promises";

import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, nanos } from "@nats-io/transport-node";

const STREAM = "RC_PUBLIC", NAME = "webhook";
const [server, hook] = process.argv.slice(2);

const connection = await connect({ servers: server, maxReconnectAttempts: -1 });
await (await jetstreamManager(connection)).consumers.add(STREAM, {
  durable_name: NAME,
  filter_subject: "rc.v1.pub.session.closed.*",
  ack_policy: AckPolicy.Explicit,
  ack_wait: nanos(5_000), // after which it is given again
  max_ack_pending: 1, // one after the other, in order
});

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

const consumer = await jetstream(connection).consumers.get(STREAM, NAME);
for await (const message of await consumer.consume({ max_messages: 1 })) {
  await post(message);
  message.ack();
}
