#!/usr/bin/python3
"""profanity, in tmux, as alice against a slixmpp peer as bob on another
connector: login with STARTTLS, the roster, a subscription in both directions,
presence and chat, quit. What a person would see is read from its screen.

Settings (environment): XMPP_HOST, ALICE_PORT, BOB_PORT, and ALICE_JID,
ALICE_PASSWORD, BOB_JID, BOB_PASSWORD. profanity's files go to a directory of its
own; its log, which has the stanzas, is copied to standard error at the end.
"""

import os
import sys
import tempfile

from peer import CLIENT, Peer, main, presence, push, setting
from screen import Screen


def configure(home):
    """configure writes profanity's settings and returns the command that starts it."""
    config = os.path.join(home, "config", "profanity")
    os.makedirs(config)
    with open(os.path.join(config, "profrc"), "w", encoding="utf-8") as profrc:
        profrc.write("[ui]\nsplash=false\n[notifications]\nmessage=off\n")
    return "profanity -l DEBUG"


def show_log(home):
    log = os.path.join(home, "data", "profanity", "logs", "profanity.log")
    if os.path.exists(log):
        with open(log, encoding="utf-8", errors="replace") as lines:
            sys.stderr.write(lines.read())


async def log_in(check, screen, bob, command):
    check.begin("login, and the roster is shown")
    await bob.login()
    if setting("ALICE_JID") in await bob.roster():  # ends both subscriptions of an earlier run
        await bob.ask("set", f"<query xmlns='jabber:iq:roster'><item jid='{setting('ALICE_JID')}'"
                      " subscription='remove'/></query>")
    bob.available()
    screen.start(command)
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
        screen = Screen("profanity", home)
        bob = Peer("BOB", setting("BOB_PORT"), "peer")
        try:
            alice = await log_in(check, screen, bob, configure(home))
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
            show_log(home)


if __name__ == "__main__":
    main("profanity, STARTTLS", scenario)
