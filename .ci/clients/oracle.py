#!/usr/bin/env python3
# oracle.py TRANSCRIPT... has Debian's Prosody answer what the clients of
# session/c2s/testdata say, and prints where it answers differently: "-" is what
# the transcript has, "+" is Prosody's. Each transcript gets a Prosody of its
# own, on loopback, in a temporary directory. Not part of any check, as most
# differences are allowed: docs/protocol.md explains them. Verbs that are about
# this server only (log, rosters, suspend, ...) end a transcript early; "wait"
# does not wait. Not compared are texts of errors, features, delays, the versions
# and order of rosters, the addressee of pushes and the hashes of avatars.
import ast
import base64
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET

STREAMS = "http://etherx.jabber.org/streams"
OPEN = ("<stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
        f"xmlns:stream='{STREAMS}'>")
BIND = ("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        "<resource>%s</resource></bind></iq>")
LEFT_OUT = {"{urn:ietf:params:xml:ns:xmpp-stanzas}text",
            "{urn:ietf:params:xml:ns:xmpp-streams}text",
            "{urn:xmpp:delay}delay", "{vcard-temp:x:update}x"}
CONFIG = """
run_as_root = true
data_path = "%(dir)s"
pidfile = "%(dir)s/pid"
log = { error = "%(dir)s/log" }
interfaces = { "127.0.0.1" }
c2s_ports = { %(port)d }
modules_disabled = { "s2s" }
modules_enabled = { "roster", "saslauth", "disco", "presence", "message", "iq",
  "offline", "ping", "smacks", "carbons", "csi_simple", "blocklist", "time",
  "version", "private", "vcard_legacy", "pep", "lastactivity" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
storage = "internal"
VirtualHost "localhost"
"""


def canonical(e, outer="jabber:client"):
    """canonical is an element by namespaces, with what isn't compared left out."""
    space, _, name = e.tag.rpartition("}")
    space = space[1:]
    if name == "features" and space == STREAMS:
        return "<features/>"
    attributes = {k.replace("{http://www.w3.org/XML/1998/namespace}", "xml:"): v
                  for k, v in e.attrib.items() if (space, k) != ("jabber:iq:roster", "ver")}
    if attributes.get("xml:lang") == "en":
        del attributes["xml:lang"]
    if implied(name, attributes):
        attributes.pop("to", None)
    tag = name + "".join(f" {k}={v!r}" for k, v in sorted(attributes.items()))
    if space not in (outer, STREAMS):
        tag += f" xmlns={space!r}"
    children = [canonical(c, space) + (c.tail or "") for c in e if c.tag not in LEFT_OUT]
    if space == "jabber:iq:roster":
        children.sort()
    text = (e.text or "") + "".join(children)
    return f"<{tag}>{text}</{name}>" if text else f"<{tag}/>"


def implied(name, attributes):
    """implied tells whether the addressee of a push or a presence may be left out."""
    return name == "iq" and attributes.get("type") == "set" or name == "presence" and \
        attributes.get("from", "").split("/")[0] == attributes.get("to")


class Items:
    """Items cuts one stream into canonical items."""

    def __init__(self):
        self.parser, self.depth, self.got = ET.XMLPullParser(["start", "end"]), 0, []

    def feed(self, data):
        self.parser.feed(data)
        for event, e in self.parser.read_events():
            self.depth += 1 if event == "start" else -1
            if event == "start" and self.depth == 1:
                self.got.append("<stream>")
            elif event == "end" and self.depth == 1:
                self.got.append(canonical(e))
            elif event == "end" and self.depth == 0:
                self.got.append("</stream>")


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.items, self.got, self.ids = Items(), [], {}

    def send(self, text):
        if "<stream:stream" in text:
            self.items = Items()
        try:
            self.socket.sendall(text.encode("utf-8", "surrogateescape"))
        except OSError:
            pass

    def read(self):
        try:
            data = self.socket.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            self.socket.close()
            self.got.append("(closed)")
            return
        if b"<?xml" in data and self.items.depth == 0:
            self.items = Items()
        self.items.feed(data)
        self.got += self.items.got
        self.items.got.clear()
        for item in self.got:
            if found := re.match(r"<enabled .*?id='([^']+)'", item):
                self.ids["previd"] = found[1]
            if found := re.match(r"<iq .*?id='([^']+)'.* type='get'", item):
                self.ids["asked"] = found[1]


class Script:
    def __init__(self, port):
        self.port, self.clients = port, {}

    def settle(self, quiet=0.06):
        while live := [c for c in self.clients.values() if c.socket.fileno() >= 0]:
            ready, _, _ = select.select([c.socket for c in live], [], [], quiet)
            if not ready:
                return
            for c in live:
                if c.socket in ready:
                    c.read()

    def take(self):
        self.settle()
        got = {name: c.got for name, c in self.clients.items()}
        for c in self.clients.values():
            c.got = []
        return got

    def add(self, name):
        self.clients[name] = Client(self.port)
        return self.clients[name]

    def say(self, name, *texts):
        for text in texts:
            self.clients[name].send(text)
            self.settle()

    def authenticate(self, name, user):
        self.add(name)
        plain = base64.b64encode(f"\0{user}\0pw".encode()).decode()
        self.say(name, OPEN, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' "
                 f"mechanism='PLAIN'>{plain}</auth>", OPEN)

    def login(self, name, user, resource, *extras):
        self.authenticate(name, user)
        self.say(name, BIND % resource)
        for extra in extras:
            self.say(name, "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>"
                     if extra == "roster" else
                     f"<presence><priority>{extra}</priority></presence>")

    def watch(self, watcher, contact):
        self.login(" w", watcher, "w")
        self.login(" c", contact, "c")
        self.say(" w", f"<presence to='{contact}@localhost' type='subscribe'/>")
        self.say(" c", f"<presence to='{watcher}@localhost' type='subscribed'/>")
        for name in (" w", " c"):
            self.say(name, "</stream:stream>")
            del self.clients[name]

    def verb(self, word, args):
        """verb prepares the scene; it tells whether that can be done here."""
        if word == "connect":
            self.add(*args)
        elif word == "open":
            self.add(*args)
            self.say(args[0], OPEN)
        elif word == "drop":
            self.clients[args[0]].socket.close()
            self.clients[args[0]].got.append("(closed)")
        elif word in ("login", "authenticate", "watch"):
            getattr(self, word)(*args)
        elif word != "wait":
            return False
        if word not in ("connect", "drop", "wait"):
            self.take()
        return True

    def ids(self, text):
        return re.sub(r"\{(previd|asked) (\w+)\}",
                      lambda m: self.clients[m[2]].ids.get(m[1], "none"), text)


def expected(text):
    """expected is a line's pattern."""
    text = text.lstrip("~+ ")
    if text == "(closed)":
        return re.escape(text)
    if text.startswith("<stream:stream"):
        return "<stream>"
    if text == "</stream:stream>":
        return "</stream>"
    items = Items()
    items.feed(OPEN + text)
    return re.sub(r"\\\{(random|time)\\\}(\\\.\\\{random\\\})?", "[^']+",
                  re.escape(items.got[1]))


def compare(file, number, said, want, got):
    lines = []
    for name, items in got.items():
        patterns = want.pop(name, [])
        for item in items:
            found = next((p for p in patterns if re.fullmatch(p, item)), None)
            if found is None:
                lines.append(f"  + {name} {item}")
            else:
                patterns.remove(found)
        lines += [f"  - {name} " + re.sub(r"\\(.)", r"\1", p) for p in patterns]
    if lines:
        print(f"{os.path.basename(file)}:{number}: {said[:300]}", *lines, sep="\n")


def replay(file, script):
    with open(file, encoding="utf-8") as f:
        lines = f.read().splitlines()
    i = 0
    while i < len(lines):
        number, said = i + 1, lines[i]
        i += 1
        if not said or said.startswith("#"):
            continue
        if line := re.match(r"(\w+)> ?(.*)", said):
            text = line[2]
            if text.startswith('"'):
                raw = ast.literal_eval("b" + text)
                text = raw.decode("utf-8", "surrogateescape")
            script.say(line[1], script.ids(text))
        else:
            word, *args = said.split()
            if not script.verb(word, args):
                print(f"{os.path.basename(file)}:{number}: ends here, at {said!r}")
                return
        want = {}
        while i < len(lines) and (line := re.match(r"(\w+)<(.*)", lines[i])):
            want.setdefault(line[1], []).append(expected(line[2]))
            i += 1
        compare(file, number, said, want, script.take())


def prosody(directory):
    """prosody starts one in an empty directory, and returns it with its port."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    os.makedirs(f"{directory}/localhost/accounts")
    os.makedirs(f"{directory}/certs")
    for user in ("alice", "bob", "carol"):
        with open(f"{directory}/localhost/accounts/{user}.dat", "w") as f:
            f.write('return { ["password"] = "pw" };')
    config = f"{directory}/prosody.cfg.lua"
    with open(config, "w") as f:
        f.write(CONFIG % {"dir": directory, "port": port})
    process = subprocess.Popen(["prosody", "--config", config, "-F"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process, port
        except OSError:
            time.sleep(0.1)
    process.terminate()
    sys.exit("prosody did not start")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # which ends Prosody, too
    for file in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as directory:
            process, port = prosody(directory)
            try:
                replay(file, Script(port))
            except ET.ParseError as e:
                print(f"{file}: {e}")
            finally:
                process.kill()  # asked to end, it may hang
                process.wait()
                with open(f"{directory}/log") as log:
                    sys.stderr.write(log.read())


main()
