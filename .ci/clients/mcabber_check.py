#!/usr/bin/python3
"""mcabber, in tmux, as alice against a slixmpp peer as bob on another connector.
It is built on loudmouth, which knows PLAIN only, puts an old Google attribute on
<auth/>, and asks for a session (RFC 3921).

Settings (environment): XMPP_HOST, ALICE_PORT, BOB_PORT, and ALICE_JID,
ALICE_PASSWORD, BOB_JID, BOB_PASSWORD. Its trace, which has the stanzas, goes to
standard error at the end.
"""

import os
import sys
import tempfile

from peer import CLIENT, CheckFailed, Peer, main, presence, push, setting
from screen import Screen

ALICE = setting("ALICE_JID")
NAME = f"{ALICE}/mcabber"


def configure(home):
    """configure writes mcabber's settings and returns the command that starts it."""
    settings = {
        "jid": ALICE, "password": setting("ALICE_PASSWORD"),
        "server": setting("XMPP_HOST"), "port": setting("ALICE_PORT"),
        "tls": 1, "ssl_ignore_checks": 1, "resource": "mcabber", "disable_random_resource": 1,
        "tracelog_level": 3, "tracelog_file": f"{home}/trace",
    }
    path = os.path.join(home, "mcabberrc")
    with open(path, "w", encoding="utf-8") as rc:
        rc.writelines(f"set {name} = {value}\n" for name, value in settings.items())
    os.chmod(path, 0o600)
    return f"mcabber -f {path}"


def show_trace(home):
    trace = os.path.join(home, "trace")
    if os.path.exists(trace):
        with open(trace, encoding="utf-8", errors="replace") as lines:
            sys.stderr.write(lines.read())


async def log_in(check, screen, bob, command):
    check.begin("login")
    await bob.login()
    if ALICE in await bob.roster():  # ends both subscriptions of an earlier run
        await bob.ask("set", f"<query xmlns='jabber:iq:roster'><item jid='{ALICE}'"
                      " subscription='remove'/></query>")
    bob.available()
    screen.start(command)
    await screen.shows("its connection", r"Connection established")
    await screen.shows("its status", r"Your status has been set: \[_>o\]")
    check.ok()


async def befriend(check, screen, bob):
    check.begin("subscription in both directions")
    screen.type(f"/add {bob.jid} Bobby")
    await bob.expect("request", presence(ALICE, "subscribe"))
    bob.send(f"<presence to='{ALICE}' type='subscribed'/>")
    await bob.expect("push", push(ALICE, subscription="from"))
    await screen.shows("bob in the roster, online", r"\{o\} Bobby")
    bob.send(f"<presence to='{ALICE}' type='subscribe'/>")
    await screen.shows("bob's request", r"wants to subscribe to your presence")
    screen.type("/event * accept")
    await bob.expect("push", push(ALICE, subscription="both"))
    await bob.expect("alice's presence", presence(NAME))
    check.ok()


async def talk(check, screen, bob):
    check.begin("presence of the contact")
    bob.available("<show>away</show>")
    await screen.shows("bob away", r"\[a\] Bobby")
    check.ok()
    check.begin("chat in both directions")
    screen.type(f"/say_to {bob.jid} hello <&> from mcabber")
    await bob.expect("message", lambda x: x.get("from") == NAME
                     and x.findtext(CLIENT + "body") == "hello <&> from mcabber")
    screen.type("/roster search Bobby")
    screen.type("")  # opens the window of the contact that is selected
    bob.send(f"<message to='{ALICE}' type='chat'><body>and back</body></message>")
    await screen.shows("bob's message", r"and back")
    check.ok()


async def quit_(check, screen, bob):
    check.begin("quit, seen as unavailable exactly once")
    screen.type("/quit")
    await bob.expect("unavailable", presence(NAME, "unavailable"))
    await screen.ended()
    await bob.fence()
    bob.never("second unavailable", presence(NAME, "unavailable"))
    await bob.logout()
    check.ok()


async def scenario(check):
    with tempfile.TemporaryDirectory(prefix="mcabber") as home:
        screen = Screen("mcabber", home)
        bob = Peer("BOB", setting("BOB_PORT"), "peer")
        try:
            await log_in(check, screen, bob, configure(home))
            await befriend(check, screen, bob)
            await talk(check, screen, bob)
            await quit_(check, screen, bob)
        finally:
            screen.close()
            show_trace(home)


if __name__ == "__main__":
    main("mcabber, STARTTLS", scenario)
