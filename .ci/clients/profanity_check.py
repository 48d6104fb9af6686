#!/usr/bin/python3
"""profanity, in tmux, as alice against a slixmpp peer as bob on another
connector: login with STARTTLS, the roster, a subscription in both directions,
presence and chat, quit. What a person would see is read from its screen.

Settings (environment): XMPP_HOST, ALICE_PORT, BOB_PORT, and ALICE_JID,
ALICE_PASSWORD, BOB_JID, BOB_PASSWORD. profanity's files go to a directory of its
own; its log, which has the stanzas, is copied to standard error at the end.
"""

import asyncio
import os
import re
import subprocess
import sys
import tempfile

from peer import CLIENT, PATIENCE, CheckFailed, Peer, main, presence, push, setting

LOOK_EVERY = 0.1  # seconds between two looks at the screen


class Screen:
    """One profanity in one tmux server that belongs to this check alone."""

    def __init__(self, home):
        self._socket, self._home = os.path.join(home, "tmux"), home

    def _tmux(self, *arguments):
        done = subprocess.run(["tmux", "-S", self._socket, "-f", "/dev/null", *arguments],
                              check=False, capture_output=True, text=True, timeout=10)
        if done.returncode != 0:
            raise CheckFailed(f"tmux {arguments[0]}: {done.stderr.strip()}; has profanity ended?")
        return done.stdout

    def start(self):
        config = os.path.join(self._home, "config", "profanity")
        os.makedirs(config)
        with open(os.path.join(config, "profrc"), "w", encoding="utf-8") as profrc:
            profrc.write("[ui]\nsplash=false\n[notifications]\nmessage=off\n")
        self._tmux("new-session", "-d", "-x", "150", "-y", "50",
                   f"env HOME={self._home} XDG_CONFIG_HOME={self._home}/config "
                   f"XDG_DATA_HOME={self._home}/data XDG_CACHE_HOME={self._home}/cache "
                   "LANG=C.UTF-8 profanity -l DEBUG")

    def type(self, line):
        self._tmux("send-keys", "-l", line)
        self._tmux("send-keys", "Enter")

    def text(self):
        return self._tmux("capture-pane", "-p")

    async def shows(self, what, pattern):
        """Waits until the screen matches and returns the match."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not (match := re.search(pattern, self.text())):
            if asyncio.get_running_loop().time() > deadline:
                raise CheckFailed(f"profanity does not show {what}. Its screen:\n{self.text()}")
            await asyncio.sleep(LOOK_EVERY)
        return match

    async def ended(self):
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while subprocess.run(["tmux", "-S", self._socket, "has-session"], check=False,
                             capture_output=True, timeout=10).returncode == 0:
            if asyncio.get_running_loop().time() > deadline:
                raise CheckFailed(f"profanity does not end. Its screen:\n{self.text()}")
            await asyncio.sleep(LOOK_EVERY)

    def close(self):
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], check=False,
                       capture_output=True, timeout=10)
        log = os.path.join(self._home, "data", "profanity", "logs", "profanity.log")
        if os.path.exists(log):
            with open(log, encoding="utf-8", errors="replace") as lines:
                sys.stderr.write(lines.read())


async def log_in(check, screen, bob):
    check.begin("login, and the roster is shown")
    await bob.login()
    if setting("ALICE_JID") in await bob.roster():  # ends both subscriptions of an earlier run
        await bob.ask("set", f"<query xmlns='jabber:iq:roster'><item jid='{setting('ALICE_JID')}'"
                      " subscription='remove'/></query>")
    bob.available()
    screen.start()
    await screen.shows("its welcome", r"Type '/help'")
    screen.type(f"/connect {setting('ALICE_JID')} server {setting('XMPP_HOST')} "
                f"port {setting('ALICE_PORT')} tls trust")
    await screen.shows("a password prompt", r"Enter password")
    screen.type(setting("ALICE_PASSWORD"))
    match = await screen.shows("the login", r"(\S+@\S+/\S+) logged in successfully")
    await screen.shows("TLS", r"\[TLS\] \[online\]")
    await screen.shows("the roster", r"Rooms \(")
    check.ok()
    return match.group(1)


async def befriend(check, screen, bob, alice):
    account = setting("ALICE_JID")
    check.begin("contact removed, and added again with a name")
    screen.type(f"/roster remove {bob.jid}")
    screen.type(f"/roster add {bob.jid} Bobby")
    await screen.shows("the push of the new contact", rf"Roster item added: {bob.jid} \(Bobby\)")
    check.ok()
    check.begin("subscription in both directions")
    screen.type(f"/sub request {bob.jid}")
    await bob.expect("request", presence(account, "subscribe"))
    bob.send(f"<presence to='{account}' type='subscribed'/>")
    await bob.expect("push", push(account, subscription="from"))
    await screen.shows("bob's presence", r"Bobby \(peer\) is online")
    bob.send(f"<presence to='{account}' type='subscribe'/>")
    await screen.shows("bob's request", rf"Received authorization request from {bob.jid}")
    screen.type(f"/sub allow {bob.jid}")
    await bob.expect("push", push(account, subscription="both"))
    await bob.expect("alice's presence", presence(alice))
    check.ok()


async def talk(check, screen, bob, alice):
    check.begin("presence and status of the contact")
    bob.available("<show>away</show><status>at lunch</status>")
    await screen.shows("bob's status", r'Bobby \(peer\) is away, "at lunch"')
    check.ok()
    check.begin("chat in both directions")
    screen.type(f"/msg {bob.jid} hello from profanity")
    await bob.expect("message", lambda x: x.get("from") == alice
                     and x.findtext(CLIENT + "body") == "hello from profanity")
    bob.send(f"<message to='{setting('ALICE_JID')}' type='chat'><body>and back</body></message>")
    await screen.shows("bob's message", r"Bobby/peer: and back")
    check.ok()


async def scenario(check):
    with tempfile.TemporaryDirectory(prefix="profanity") as home:
        screen = Screen(home)
        bob = Peer("BOB", setting("BOB_PORT"), "peer")
        try:
            alice = await log_in(check, screen, bob)
            await befriend(check, screen, bob, alice)
            await talk(check, screen, bob, alice)
            check.begin("quit, seen as unavailable exactly once")
            screen.type("/quit")
            await bob.expect("unavailable", presence(alice, "unavailable"))
            await screen.ended()
            await bob.fence()
            bob.never("second unavailable", presence(alice, "unavailable"))
            await bob.logout()
            check.ok()
        finally:
            screen.close()


if __name__ == "__main__":
    main("profanity, STARTTLS", scenario)
