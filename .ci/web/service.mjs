// A service of the test's own: connectors, tokens, and XMPP clients that log in there.

import { spawn, execFile } from "node:child_process";
import { webcrypto } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

import { client } from "@xmpp/client";

globalThis.crypto ??= webcrypto; // Node 18 does not have it as a global

const ROLLCALL = process.env.ROLLCALL;
const PATIENCE = 30_000; // milliseconds that one expectation may take

// until waits until what a function promises is not false, and gives that.
export async function until(what, ask, patience = PATIENCE) {
  const end = performance.now() + patience;
  for (;;) {
    const got = await ask();
    if (got) return got;
    if (performance.now() > end) throw new Error(`not within ${patience} ms: ${what}`);
    await new Promise((r) => setTimeout(r, 20));
  }
}

// freePorts gives ports of the loopback address that nobody listens on.
async function freePorts(n) {
  const servers = await Promise.all(Array.from({ length: n }, () => new Promise((resolve, reject) => {
    const s = createServer().listen(0, "127.0.0.1", () => resolve(s)).on("error", reject);
  })));
  const ports = servers.map((s) => s.address().port);
  await Promise.all(servers.map((s) => new Promise((closed) => s.close(closed))));
  return ports;
}

// A Service is the processes of one.
export class Service {
  processes = new Map(); // by the connector's name
  clients = [];

  // start begins one with a connector c1, which has everything but other connectors.
  static async start(...flags) {
    const s = new Service();
    s.dir = await mkdtemp(join(process.env.WORK, "service-"));
    const [nats, http, c2s] = await freePorts(3);
    s.nats = `nats://127.0.0.1:${nats}`;
    s.base = `http://127.0.0.1:${http}`;
    s.ports = { c1: c2s };
    s.upC1 = () => s.up("c1", "--data", join(s.dir, "c1"), "--demo", "--nats-listen", `127.0.0.1:${nats}`, "--http", `127.0.0.1:${http}`,
      "--ws", "", "--c2s", `127.0.0.1:${c2s}`, ...flags);
    s.upC1();
    await s.ready();
    return s;
  }

  // ready waits until the service has its table.
  ready() {
    return until("the service is ready", () => fetch(`${this.base}/readyz`).then((r) => r.ok, () => false));
  }

  // connector begins a further one, which has nothing but clients.
  async connector(name, ...flags) {
    const [c2s] = await freePorts(1);
    this.ports[name] = c2s;
    this.up(name, "--roles", "connector", "--nats", this.nats, "--data", join(this.dir, name), "--c2s", `127.0.0.1:${c2s}`, ...flags);
    await until(`connector ${name}`, async () => (await this.json("/v1/connectors")).items.some((c) => c.name === name && c.state === "alive"));
  }

  // reader begins a process that has nothing but the API and the pages, and gives its address.
  async reader(name) {
    const [http] = await freePorts(1);
    const base = `http://127.0.0.1:${http}`;
    this.up(name, "--roles", "http", "--nats", this.nats, "--data", join(this.dir, name), "--http", `127.0.0.1:${http}`);
    await until(`${name} is ready`, () => fetch(`${base}/readyz`).then((r) => r.ok, () => false));
    return base;
  }

  up(name, ...flags) {
    const p = spawn(ROLLCALL, ["up", "--name", name, "--domain", "localhost", ...flags], { stdio: ["ignore", "pipe", "pipe"] });
    p.log = "";
    for (const stream of [p.stdout, p.stderr]) stream.on("data", (d) => (p.log = (p.log + d).slice(-20_000)));
    p.ended = new Promise((resolve) => p.on("exit", resolve));
    this.processes.set(name, p);
  }

  // kill ends a process as a power failure does.
  async kill(name) {
    const p = this.processes.get(name);
    this.processes.delete(name);
    p.kill("SIGKILL");
    await p.ended;
  }

  // run runs a verb and gives its output.
  async run(...words) {
    const { stdout } = await promisify(execFile)(ROLLCALL, [...words, "--nats", this.nats], { timeout: PATIENCE });
    return stdout;
  }

  // token is one that may do what is named.
  async token(scope) {
    this.tokens ??= {};
    return (this.tokens[scope] ??= (await this.run("token", "add", `check-${Object.keys(this.tokens).length}`, "--scope", scope)).match(/rct_\S+/)[0]);
  }

  // json asks the API.
  async json(path) {
    const token = await this.token("admin");
    const r = await fetch(this.base + path, { headers: { Authorization: `Bearer ${token}` } });
    if (!r.ok) throw new Error(`${path}: ${r.status} ${await r.text()}`);
    return r.json();
  }

  // login has a client log in at a connector. Its password is the account's name, as the
  // demo has it.
  async login(username, { at = "c1", password = username, resource = "check" } = {}) {
    const xmpp = client({ service: `xmpp://127.0.0.1:${this.ports[at]}`, domain: "localhost", username, password, resource, timeout: PATIENCE });
    xmpp.reconnect.stop();
    xmpp.on("error", () => {});
    this.clients.push(xmpp);
    xmpp.jid = (await xmpp.start()).toString();
    return xmpp;
  }

  // stop ends all that was begun.
  async stop() {
    await Promise.allSettled(this.clients.map((c) => Promise.race([c.stop(), new Promise((r) => setTimeout(r, 1000))])));
    for (const p of this.processes.values()) p.kill("SIGINT");
    await Promise.all([...this.processes.values()].map((p) => {
      const late = setTimeout(() => p.kill("SIGKILL"), 10_000);
      return p.ended.then(() => clearTimeout(late));
    }));
  }
}
