#!/usr/bin/python3
"""go-sendxmpp and sendxmpp, with which scripts send messages, as alice against a
slixmpp peer as bob on another connector. Both know no mechanism but PLAIN, and
sendxmpp asks for a session (RFC 3921). They log in, say one thing, and go.

Settings (environment): XMPP_HOST, ALICE_PORT, ALICE_TLS_PORT, BOB_PORT, and
ALICE_JID, ALICE_PASSWORD, BOB_JID, BOB_PASSWORD.
"""

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import PIPE

from peer import CLIENT, PATIENCE, CheckFailed, Peer, befriend, main, setting

ALICE = setting("ALICE_JID")
USER, DOMAIN = ALICE.split("@")
TEXT = "grüße <&> 'quoted' \U0001f600"


def address(port):
    return f"{setting('XMPP_HOST')}:{setting(port)}"


def go_sendxmpp(port, *more):
    return ["go-sendxmpp", "-d", "-n", "-u", ALICE, "-p", setting("ALICE_PASSWORD"),
            "-j", address(port), *more]


def sendxmpp(*more):
    return ["sendxmpp", "-t", "-n", "-u", USER, "-p", setting("ALICE_PASSWORD"),
            "-j", address("ALICE_PORT"), "-o", DOMAIN, *more]


async def start(command, home):
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE,
                                                stderr=sys.stderr, env={**os.environ, "HOME": home})


async def say(check, bob, step, command, home):
    """say has a command send one message and expects it at bob."""
    check.begin(f"{step} sends a message")
    process = await start(command, home)
    said, _ = await asyncio.wait_for(process.communicate(TEXT.encode()), PATIENCE)
    sys.stderr.write(said.decode())
    if process.returncode != 0:
        raise CheckFailed(f"{command[0]} ended with {process.returncode}")
    await bob.expect("message", lambda x: x.tag == CLIENT + "message"
                     and (x.findtext(CLIENT + "body") or "").strip() == TEXT
                     and x.get("from", "").partition("/")[0] == ALICE)
    check.ok()


async def hear(check, bob, home):
    check.begin("go-sendxmpp listens, and prints what it is sent")
    process = await start(go_sendxmpp("ALICE_PORT", "-l"), home)
    try:
        await bob.expect("alice online", lambda x: x.tag == CLIENT + "presence"
                         and x.get("from", "").startswith(ALICE + "/") and x.get("type") is None)
        bob.send(f"<message to='{ALICE}' type='chat'><body>to a listener</body></message>")
        async with asyncio.timeout(PATIENCE):
            while not (line := await process.stdout.readline()).endswith(b": to a listener\n"):
                sys.stderr.write(line.decode())
                if not line:
                    raise CheckFailed("go-sendxmpp ended")
    finally:
        process.kill()
        await process.wait()
    check.ok()


async def meet(bob):
    """meet lets bob see alice, so that he knows when she listens."""
    alice = Peer("ALICE", setting("ALICE_PORT"), "peer")
    await alice.login()
    await befriend(alice, bob)
    await alice.logout()


async def scenario(check):
    bob = Peer("BOB", setting("BOB_PORT"), "peer")
    await bob.login()
    await bob.roster()
    bob.available()
    await meet(bob)
    with tempfile.TemporaryDirectory(prefix="sendxmpp") as home:
        await say(check, bob, "go-sendxmpp", go_sendxmpp("ALICE_PORT", bob.jid), home)
        await say(check, bob, "go-sendxmpp, direct TLS,", go_sendxmpp("ALICE_TLS_PORT", "-t", bob.jid), home)
        await say(check, bob, "sendxmpp", sendxmpp(bob.jid), home)
        await hear(check, bob, home)
    check.begin("no message came twice")
    await bob.fence()
    bob.never("message", lambda x: x.tag == CLIENT + "message")
    await bob.logout()
    check.ok()


if __name__ == "__main__":
    main("sendxmpp", scenario)
