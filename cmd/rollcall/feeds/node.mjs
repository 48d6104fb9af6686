{{if .Token}}// TOKEN is one that "rollcall token add" makes.
{{end}}// npm install @nats-io/transport-node @nats-io/jetstream
import { jetstream } from "@nats-io/jetstream";
import { connect{{if .Creds}}, credsAuthenticator{{end}} } from "@nats-io/transport-node";
{{- if .Creds}}
import { readFileSync } from "node:fs";
{{- end}}

const nc = await connect({ servers: "{{.URL}}"{{if .Creds}}, authenticator: credsAuthenticator(readFileSync("{{.Creds}}")){{else if .Token}}, token: process.env.TOKEN{{end}} });
const feed = await jetstream(nc).consumers.get("{{.Stream}}", "{{.Name}}");
for await (const message of await feed.consume()) {
  const event = message.json();
  console.log(event.sequence, event.type, JSON.stringify(event.data));
  message.ack(); // once what is done with it is safe
}
