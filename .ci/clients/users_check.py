#!/usr/bin/python3
"""slixmpp users without passwords: alice by a client certificate whose xmppAddr OpenSSL
has written (EXTERNAL), and guests (ANONYMOUS), on a service of their own.

Settings (environment): ROLLCALL, the program. Needs openssl.
"""

import asyncio
import contextlib
import os
import socket
import ssl
import subprocess
import tempfile

from slixmpp import ClientXMPP
from slixmpp.exceptions import IqError

from peer import CheckFailed, PATIENCE, main, setting

DOMAIN, GUESTS = "users.example", "guests.example"
CONFIG = """
domain = ["{domain}", "{guests}"]
c2s = "127.0.0.1:{port}"
ws = ""
http = ""
nats-listen = "127.0.0.1:{nats}"
data = "data"
[users."{domain}".certificates]
ca = "ca.pem"
[users."{guests}"]
from = "guests"
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def certify(where):
    """An authority, and alice's certificate, which it has signed."""
    def openssl(*arguments):
        subprocess.run(("openssl",) + arguments, cwd=where, check=True, capture_output=True)
    with open(os.path.join(where, "alice.cnf"), "w") as out:
        out.write("extendedKeyUsage=clientAuth\n"
                  f"subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:alice@{DOMAIN}\n")
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=CA")
    openssl("req", *new, "-keyout", "alice.key", "-out", "alice.csr", "-subj", "/CN=somebody")
    openssl("x509", "-req", "-in", "alice.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", "alice.cnf", "-out", "alice.pem")


@contextlib.contextmanager
def service(where, port, nats):
    with open(os.path.join(where, "rollcall.toml"), "w") as out:
        out.write(CONFIG.format(domain=DOMAIN, guests=GUESTS, port=port, nats=nats))
    env = {name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")}
    program = subprocess.Popen((setting("ROLLCALL"), "up", "--config", "rollcall.toml"), cwd=where, env=env,
                               stdout=subprocess.PIPE, text=True)
    try:
        for line in program.stdout:
            if "Ctrl-C stops it" in line:
                break
        else:
            raise CheckFailed("the service does not start")
        yield
    finally:
        program.terminate()
        program.wait()


def rollcall(where, nats, *arguments, text=""):
    env = dict(os.environ, ROLLCALL_NATS=f"nats://127.0.0.1:{nats}")
    done = subprocess.run((setting("ROLLCALL"),) + arguments, cwd=where, env=env, input=text,
                          check=True, capture_output=True, text=True)
    return done.stdout


async def log_in(port, jid, certificate=None):
    """Logs in, and returns the client and the mechanism."""
    client = ClientXMPP(jid, "")
    client.ssl_context.check_hostname = False
    client.ssl_context.verify_mode = ssl.CERT_NONE
    if certificate:
        client.certfile, client.keyfile = certificate + ".pem", certificate + ".key"
    client.get_dns_records = lambda *_: asyncio.sleep(0, [])
    client.connect(("127.0.0.1", port))
    await client.wait_until("session_start", PATIENCE)
    return client, client["feature_mechanisms"].mech.name


async def log_out(client):
    client.disconnect(wait=PATIENCE)
    await client.disconnected


async def users(check):
    with tempfile.TemporaryDirectory() as where:
        port, nats = free_port(), free_port()
        certify(where)
        with service(where, port, nats):
            check.begin("a client certificate instead of a password")
            rollcall(where, nats, "user", "add", f"alice@{DOMAIN}", text="nobody needs it\n")
            client, mechanism = await log_in(port, f"alice@{DOMAIN}", os.path.join(where, "alice"))
            if mechanism != "EXTERNAL" or client.boundjid.bare != f"alice@{DOMAIN}":
                raise CheckFailed(f"{client.boundjid} by {mechanism}")
            await client.get_roster()
            await log_out(client)
            check.ok()

            check.begin("guests, each of whom is somebody new")
            names = set()
            for _ in range(2):
                client, mechanism = await log_in(port, GUESTS)
                names.add(client.boundjid.bare)
                if mechanism != "ANONYMOUS" or client.boundjid.domain != GUESTS:
                    raise CheckFailed(f"{client.boundjid} by {mechanism}")
                try:
                    await client.update_roster(f"alice@{DOMAIN}")
                    raise CheckFailed("a guest has a roster")
                except IqError as refused:
                    if refused.condition != "forbidden":
                        raise
                await log_out(client)
            if len(names) != 2:
                raise CheckFailed(f"both are {names}")
            check.ok()

            check.begin("nothing is left of guests")
            left = rollcall(where, nats, "user", "list") + rollcall(where, nats, "sessions")
            if GUESTS in left:
                raise CheckFailed(left)
            check.ok()


main("users without passwords", users)
