// Posts each end of a session to a URL, in order, over HTTP.
//
//     TOKEN=$(rollcall token add webhook) node webhook_http.mjs http://127.0.0.1:5288 https://example.org/hook
//
// What was posted last is in the file webhook.position: started again, it goes on there;
// without the file it begins with the log. An end is posted until the answer is a 2xx, and
// may be posted again if this program is killed: the event's id tells. Needs Node 20 only.

import { readFile, rename, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";

const [service, hook] = process.argv.slice(2);
const file = "webhook.position";
let position = await readFile(file, "utf8").catch(() => "0");

// ends gives the events after the position, until the connection ends.
async function* ends() {
  const answer = await fetch(`${service}/v1/events/stream?type=closed`, {
    headers: { Authorization: `Bearer ${process.env.TOKEN}`, "Last-Event-ID": position },
  });
  if (answer.status >= 500) return;
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  let rest = "";
  for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line === "event: forgotten" && position > 0) throw new Error(`the log has forgotten what came after ${position}`);
      if (line.startsWith("data: ")) yield JSON.parse(line.slice(6));
    }
  }
}

async function post(event) {
  const headers = { "Content-Type": "application/cloudevents+json", "Idempotency-Key": event.id };
  for (;;) {
    const answer = await fetch(hook, { method: "POST", headers, body: JSON.stringify(event) }).catch(() => null);
    if (answer?.ok) return;
    await wait(1000);
  }
}

// remember keeps the position, also if it is killed while it writes.
async function remember(sequence) {
  position = sequence;
  await writeFile(`${file}.new`, position);
  await rename(`${file}.new`, file);
}

for (;;) {
  try {
    for await (const event of ends()) {
      await post(event);
      await remember(event.sequence);
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}; it goes on after ${position}`); // a connection that failed
  }
  await wait(200);
}
