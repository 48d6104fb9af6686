#!/usr/bin/python3
"""What users see of connections and connectors that fail, by slixmpp: alice's
connection is cut and her session resumed, then her connector is stopped, and
killed. bob, on another connector, sees of it what he should, and only once.

Settings (environment): ROLLCALL, the program to start a connector with,
ROLLCALL_NATS, XMPP_HOST, ALICE_PORT, BOB_PORT, and ALICE_JID, ALICE_PASSWORD,
BOB_JID, BOB_PASSWORD.
"""

import asyncio
import logging
import signal
import socket
import sys
import tempfile

from peer import CLIENT, PATIENCE, CheckFailed, Peer, befriend, main, message, presence, setting

STREAMS = "{urn:ietf:params:xml:ns:xmpp-streams}"
LEASE = 10  # seconds after which a killed connector's sessions are over


class Link:
    """A way to a port that can be cut. Its port is its own."""

    def __init__(self, to):
        self._to, self._writers = to, []

    async def open(self):
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _carry(self, reader, writer):
        there, back = await asyncio.open_connection(setting("XMPP_HOST"), self._to)
        self._writers = [writer, back]
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    async def _pump(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
            writer.close()
        except ConnectionError:
            pass  # it was cut

    def cut(self):
        """Resets the connection, on both sides."""
        for writer in self._writers:
            writer.transport.abort()

    def close(self):
        self.cut()
        self._server.close()


class Connector:
    """A connector of the service, on a port of its own, that can be stopped and killed."""

    def __init__(self, home):
        self._home, self._process, self.port = home, None, None

    async def start(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._process = await asyncio.create_subprocess_exec(
            setting("ROLLCALL"), "up", "--name", "c3", "--domain", setting("ALICE_JID").split("@")[1],
            "--roles", "connector", "--nats", setting("ROLLCALL_NATS"), "--data", self._home,
            "--c2s", f"127.0.0.1:{self.port}", stdout=sys.stderr, stderr=sys.stderr)
        async with asyncio.timeout(PATIENCE):
            while not await self._answers():
                await asyncio.sleep(0.05)

    async def _answers(self):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            if self._process.returncode is not None:
                raise CheckFailed("the connector ended") from None
            return False
        writer.close()
        return True

    async def end(self, by):
        """Ends the connector by a signal."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(by)
            await asyncio.wait_for(self._process.wait(), PATIENCE)


async def log_in(alice, bob):
    """Logs alice in, whom bob sees come."""
    await alice.login()
    await alice.roster()
    alice.available()
    await bob.expect("alice's presence", presence(alice.name))


async def make_friends(check, bob):
    check.begin("login and subscriptions")
    alice = Peer("ALICE", setting("ALICE_PORT"), "friend")
    for peer in (bob, alice):
        await peer.login()
        await peer.roster()
        peer.available()
    await befriend(alice, bob)
    await bob.expect("alice's presence", presence(alice.name))
    await alice.logout()
    check.ok()


async def cut_off(check, bob):
    check.begin("a connection is cut, and the session resumed with what was sent meanwhile")
    link = Link(setting("ALICE_PORT"))
    await link.open()
    alice = Peer("ALICE", link.port, "resumes")
    alice.keep_session()
    try:
        await log_in(alice, bob)
        for number in range(2):
            link.cut()
            await alice.lost()
            bob.send(f"<message to='{alice.name}' type='chat'><body>while cut {number}</body></message>")
            await bob.fence()
            await alice.resume()
            await alice.expect("message", message(bob.name, f"while cut {number}"))
        alice.send(f"<message to='{bob.jid}' type='chat'><body>back</body></message>")
        await bob.expect("message", message(alice.name, "back"))
        bob.never("sign of it", presence(alice.name, "unavailable"))
        alice.never("message that came already", lambda x: x.tag == CLIENT + "message")
        await alice.logout()
    finally:
        link.close()
    await gone_once(bob, alice)
    check.ok()


async def stop(check, bob, connector):
    check.begin("a connector is stopped: its clients are told, and can log in elsewhere")
    await connector.start()
    alice = Peer("ALICE", connector.port, "moves")
    await log_in(alice, bob)
    await connector.end(signal.SIGINT)
    await alice.expect("stream error", lambda x: x.find(f"{STREAMS}system-shutdown") is not None)
    await alice.lost()
    await gone_once(bob, alice)
    await log_in_elsewhere(alice, bob)
    check.ok()


async def kill(check, bob, connector):
    check.begin("a connector is killed: after its lease its clients are seen to go, once")
    await connector.start()
    alice = Peer("ALICE", connector.port, "moves")
    await log_in(alice, bob)
    await connector.end(signal.SIGKILL)
    await alice.lost()
    await gone_once(bob, alice, LEASE + PATIENCE)
    await log_in_elsewhere(alice, bob)
    check.ok()
    check.begin("it is started again under its name, and holds nothing of before")
    await connector.start()
    again = Peer("ALICE", connector.port, "again")
    await log_in(again, bob)
    await again.logout()
    await gone_once(bob, again)
    bob.never("presence of before", presence(alice.name))
    await connector.end(signal.SIGINT)
    check.ok()


async def log_in_elsewhere(alice, bob):
    elsewhere = Peer("ALICE", setting("ALICE_PORT"), "moves")
    await log_in(elsewhere, bob)
    bob.send(f"<message to='{alice.name}' type='chat'><body>there?</body></message>")
    await elsewhere.expect("message", message(bob.name, "there?"))
    await elsewhere.logout()
    await gone_once(bob, elsewhere)


async def gone_once(bob, gone, patience=PATIENCE):
    await bob.expect("unavailable", presence(gone.name, "unavailable"), patience)
    await bob.fence()
    bob.never("second unavailable", presence(gone.name, "unavailable"))


async def scenario(check):
    bob = Peer("BOB", setting("BOB_PORT"), "watches")
    await make_friends(check, bob)
    await cut_off(check, bob)
    with tempfile.TemporaryDirectory(prefix="connector") as home:
        connector = Connector(home)
        try:
            await stop(check, bob, connector)
            await kill(check, bob, connector)
        finally:
            await connector.end(signal.SIGKILL)
    await bob.logout()


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    main("slixmpp, faults", scenario)
