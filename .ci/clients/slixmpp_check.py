#!/usr/bin/python3
"""Two slixmpp users, alice and bob, on two connectors: login, roster, the
subscription handshake in both directions, presence, chat, pushes, logout.

Settings (environment): XMPP_HOST, ALICE_PORT, BOB_PORT, TLS=starttls|direct, and
ALICE_JID, ALICE_PASSWORD, BOB_JID, BOB_PASSWORD. It can be repeated: it begins by
removing what an earlier run left in the rosters.
"""

import logging
import sys

from peer import CLIENT, CheckFailed, Peer, STANZAS, main, message, presence, push, setting

DIRECT = setting("TLS", "starttls") == "direct"


def contact(jid, inner="", attributes=""):
    return f"<query xmlns='jabber:iq:roster'><item jid='{jid}'{attributes}>{inner}</item></query>"


async def log_in(check, alice, bob):
    check.begin("login and bind on both connectors")
    await alice.login()
    await bob.login()
    check.ok()
    check.begin("roster get")
    for peer, other in ((alice, bob), (bob, alice)):
        if other.jid in await peer.roster():
            await peer.result("set", contact(other.jid, attributes=" subscription='remove'"))
            await peer.expect("push of the removal", push(other.jid, subscription="remove"))
    check.ok()
    check.begin("own presence comes back")
    for peer in (alice, bob):
        peer.available()
        await peer.expect("own presence", presence(peer.name))
    check.ok()
    for peer in (alice, bob):
        await peer.fence()
        peer.forget()


async def add_contact(check, alice, bob):
    check.begin("contact added, and pushed to the one who added it")
    await alice.result("set", contact(bob.jid, "<group>Friends</group>", " name='Bob'"))
    await alice.expect("push", push(bob.jid, name="Bob", subscription="none"))
    item = (await alice.roster()).get(bob.jid)
    if item is None or item.findtext("{jabber:iq:roster}group") != "Friends":
        raise CheckFailed("the roster does not have the contact and its group")
    check.ok()


async def subscribe(check, asker, contact_peer, before, after):
    """One direction of the handshake of RFC 6121 section 3.1, whose 3.1.6 has the
    approval come before the push. The subscription of the asker goes to after[0],
    that of the contact to after[1]."""
    check.begin(f"{asker.jid} subscribes to {contact_peer.jid}")
    asker.send(f"<presence to='{contact_peer.jid}' type='subscribe'/>")
    await asker.expect("push with ask", push(contact_peer.jid, ask="subscribe", subscription=before))
    await contact_peer.expect("request", presence(asker.jid, "subscribe"))
    contact_peer.send(f"<presence to='{asker.jid}' type='subscribed'/>")
    await contact_peer.expect("push to the contact", push(asker.jid, subscription=after[1]))
    await asker.expect_in_order(
        ("approval", presence(contact_peer.jid, "subscribed")),
        ("push to the asker", push(contact_peer.jid, subscription=after[0])),
        ("presence of the contact", presence(contact_peer.name)))
    check.ok()


async def chat(check, alice, bob):
    check.begin("presence with show, status and priority")
    bob.available("<show>away</show><status>größer &amp; länger</status><priority>5</priority>")
    seen = await alice.expect("bob away", lambda x: presence(bob.name)(x)
                              and x.findtext(CLIENT + "show") == "away")
    if seen.findtext(CLIENT + "status") != "größer & länger":
        raise CheckFailed("the status was changed on its way")
    check.ok()
    check.begin("chat in both directions")
    body = "Hello ✓ <&> 'quoted' \U0001f600"
    escaped = body.replace("&", "&amp;").replace("<", "&lt;")
    alice.send(f"<message to='{bob.jid}' type='chat' id='c1'><body>{escaped}</body></message>")
    await bob.expect("message to the bare JID", message(alice.name, body))
    bob.send(f"<message to='{alice.name}' type='chat'><body>and back</body></message>")
    await alice.expect("message to the full JID", message(bob.name, "and back"))
    check.ok()
    check.begin("a hundred messages keep their order")
    for number in range(100):
        alice.send(f"<message to='{bob.name}' type='chat'><body>{number}</body></message>")
    arrived = [await bob.expect(f"message {number}", lambda x: x.tag == CLIENT + "message")
               for number in range(100)]
    if [int(x.findtext(CLIENT + "body")) for x in arrived] != list(range(100)):
        raise CheckFailed("the order was lost")
    check.ok()


async def ask_others(check, alice, bob):
    check.begin("iq to a full JID is answered by that client")
    bob_says = await alice.ask("get", "<query xmlns='jabber:x:nothing'/>", to=bob.name)
    if bob_says.get("type") != "error" or bob_says.get("from") != bob.name:
        raise CheckFailed("the answer is not bob's error")
    check.ok()
    check.begin("iq to a resource that is not there gives service-unavailable")
    answer = await alice.ask("get", "<ping xmlns='urn:xmpp:ping'/>", to=f"{bob.jid}/nobody")
    if answer.find(f".//{STANZAS}service-unavailable") is None:
        raise CheckFailed("no service-unavailable")
    check.ok()


async def second_resource(check, alice, bob):
    """Bob logs in once more, where alice is connected."""
    check.begin("a second resource on the other connector")
    second = Peer("BOB", setting("ALICE_PORT"), "second", DIRECT)
    await second.login()
    await second.roster()
    second.available("<priority>1</priority>")
    await second.expect("presence of the first resource", presence(bob.name))
    await second.expect("presence of the contact", presence(alice.name))
    await bob.expect("presence of the second resource", presence(second.name))
    await alice.expect("presence of the second resource", presence(second.name))
    check.ok()
    check.begin("a roster push reaches both resources")
    await bob.result("set", contact(alice.jid, attributes=" name='Alice A.'"))
    for peer in (bob, second):
        await peer.expect("push", push(alice.jid, name="Alice A.", subscription="both"))
    check.ok()
    check.begin("logout of the second resource is seen once by everyone")
    await second.logout()
    for peer in (alice, bob):
        await unavailable_once(peer, second)
    check.ok()


async def remove_contact(check, alice, bob):
    """RFC 6121 section 2.5.2: removing a contact cancels both subscriptions."""
    check.begin("contact removed, who is unsubscribed and sees the other leave")
    await alice.result("set", contact(bob.jid, attributes=" subscription='remove'"))
    await alice.expect("push of the removal", push(bob.jid, subscription="remove"))
    for kind in ("unsubscribe", "unsubscribed"):
        await bob.expect(kind, presence(alice.jid, kind))
    await bob.expect("push to the contact", push(alice.jid, subscription="none"))
    await unavailable_once(bob, alice)
    check.ok()


async def unavailable_once(peer, gone):
    await peer.expect("unavailable", presence(gone.name, "unavailable"))
    await peer.fence()
    peer.never("second unavailable", presence(gone.name, "unavailable"))


async def log_out(check, alice, bob):
    check.begin("clean logout")
    await bob.logout()
    await alice.logout()
    check.ok()


def scram_at_once(check, *peers):
    """A client that has to fall back to PLAIN shows the server its password."""
    check.begin("SCRAM succeeded at the first try")
    for peer in peers:
        tried = peer.logged_in_with()
        if not tried.startswith("SCRAM") or "," in tried:
            raise CheckFailed(f"{peer.name} had to try {tried}")
    check.ok()


async def scenario(check):
    alice = Peer("ALICE", setting("ALICE_PORT"), "slix", DIRECT)
    bob = Peer("BOB", setting("BOB_PORT"), "slix", DIRECT)
    await log_in(check, alice, bob)
    await add_contact(check, alice, bob)
    await subscribe(check, alice, bob, before="none", after=("to", "from"))
    await subscribe(check, bob, alice, before="from", after=("both", "both"))
    await chat(check, alice, bob)
    await ask_others(check, alice, bob)
    await second_resource(check, alice, bob)
    await remove_contact(check, alice, bob)
    await log_out(check, alice, bob)
    scram_at_once(check, alice, bob)


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    main("slixmpp, " + ("direct TLS" if DIRECT else "STARTTLS"), scenario)
