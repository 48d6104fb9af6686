#!/usr/bin/python3
"""What the examples' figures are of, beside a past of some weeks: users who come and go,
are cut off and resume, or don't; a connector that is killed, whose users all come back at
once; two clients that fight for a resource; and somebody who guesses passwords. By slixmpp, but for the guessing.

Settings (environment): ROLLCALL, the program to start a connector with, ROLLCALL_NATS,
XMPP_HOST, PORT and TLS_PORT of the service, and JID and PASSWORD of ALICE, BOB and CAROL,
and of USER0 and so on.
"""

import asyncio
import base64
import logging
import pathlib
import signal
import ssl
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).parent.parent / "clients"))

from faults_check import Connector, Link
from peer import CheckFailed, Peer, main, setting

USERS = ("ALICE", "BOB", "CAROL")
CROWD = [f"USER{number}" for number in range(24)]  # at the connector that is killed; half are a storm


async def log_in(peer):
    await peer.login()
    await peer.roster()
    peer.available()
    await peer.fence()


async def come_and_go(check):
    check.begin("users come and go")
    for round in range(3):
        peers = [Peer(who, setting("PORT"), f"round{round}") for who in USERS]
        await asyncio.gather(*(log_in(peer) for peer in peers))
        peers[0].available("<show>away</show>")
        await asyncio.gather(*(peer.logout() for peer in peers))
    check.ok()


async def cut_off(check):
    """Three sessions lose their connection: one is resumed, twice, one is replaced, and
    one waits to this end and longer."""
    check.begin("connections are cut")
    links, peers = [Link(setting("PORT")) for _ in USERS], []
    for link, who in zip(links, USERS):
        await link.open()
        peer = Peer(who, link.port, "cut")
        peer.keep_session()
        await log_in(peer)
        peers.append(peer)
    for link, peer in zip(links, peers):
        link.cut()
        await peer.lost()
    await peers[0].resume()
    await peers[0].fence()
    links[0].cut()
    await peers[0].lost()
    await peers[0].resume()
    await peers[0].logout()
    again = Peer("BOB", setting("PORT"), "cut")
    await log_in(again)
    await again.logout()
    for link in links:
        link.close()
    check.ok()


async def storm(check):
    check.begin("a connector is killed, and all come back")
    with tempfile.TemporaryDirectory() as home:
        connector = Connector(home)
        await connector.start()
        try:
            peers = [Peer(who, connector.port, "before") for who in CROWD]
            await asyncio.gather(*(log_in(peer) for peer in peers))
            await connector.end(signal.SIGKILL)
            await asyncio.gather(*(peer.lost() for peer in peers))
        finally:
            await connector.end(signal.SIGKILL)
    # Some take the place of the session that they had, which the log ends at once.
    back = [Peer(who, setting("PORT"), resource) for who, resource in zip(CROWD, ["before", "after", "after"] * 8)]
    await asyncio.gather(*(log_in(peer) for peer in back))
    await asyncio.gather(*(peer.logout() for peer in back[1:]))  # the first one stays
    check.ok()


async def fight(check):
    """Two clients with one resource take it from each other."""
    check.begin("two clients fight for a resource")
    peers = [Peer("CAROL", setting("PORT"), "tug") for _ in range(5)]
    for before, peer in zip([None, *peers], peers):
        await log_in(peer)
        if before:
            await before.lost()
    await peers[-1].logout()
    check.ok()


async def guess(name, password, address):
    """Tries a password from an address of this machine; returns the server's answer."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(
        setting("XMPP_HOST"), setting("TLS_PORT"), ssl=context, local_addr=(address, 0))
    writer.write(b"<stream:stream to='localhost' version='1.0' xmlns='jabber:client'"
                 b" xmlns:stream='http://etherx.jabber.org/streams'>")
    await reader.readuntil(b"</stream:features>")
    proof = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
    writer.write(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{proof}</auth>".encode())
    answer = await reader.readuntil(b">")
    writer.write(b"</stream:stream>")
    writer.close()
    return answer.decode()


async def guessing(check):
    check.begin("passwords are guessed, one of them right")
    for number in range(4):
        for name in ("alice", "bob", "root"):
            if "<failure" not in (answer := await guess(name, f"guess{number}", f"127.0.7.{number + 1}")):
                raise CheckFailed(f"a wrong password was answered with {answer}")
    if "<success" not in (answer := await guess("bob", setting("BOB_PASSWORD"), "127.0.7.1")):
        raise CheckFailed(f"the right password was answered with {answer}")
    check.ok()


async def scenario(check):
    await guessing(check)
    await come_and_go(check)
    await cut_off(check)
    await storm(check)
    await fight(check)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    main("traffic", scenario)
