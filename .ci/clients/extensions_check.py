#!/usr/bin/python3
"""What clients do beyond RFC 6121, by slixmpp: alice has a resource on each of two
connectors, bob one on the second. Carbons, blocking, client state, personal
eventing, avatars, cards, private storage, last activity and offline messages.

Settings (environment): XMPP_HOST, ALICE_PORT, BOB_PORT, and ALICE_JID,
ALICE_PASSWORD, BOB_JID, BOB_PASSWORD.
"""

import base64
import hashlib
import logging
import sys

from peer import CLIENT, STANZAS, CheckFailed, Peer, befriend, main, message, presence, setting

BLOCKING = "urn:xmpp:blocking"
CARBONS = "urn:xmpp:carbons:2"
NICK = "http://jabber.org/protocol/nick"
AVATAR_DATA, AVATAR_METADATA = "urn:xmpp:avatar:data", "urn:xmpp:avatar:metadata"
EVENT = "{http://jabber.org/protocol/pubsub#event}"
PUBSUB = "http://jabber.org/protocol/pubsub"
PICTURE = b"\x89PNG\r\n\x1a\n, or so"


def is_message(x):
    return x.tag == CLIENT + "message"


def carbon(direction, body):
    return lambda x: is_message(x) and x.findtext(
        f"{{{CARBONS}}}{direction}/{{urn:xmpp:forward:0}}forwarded/{CLIENT}message/{CLIENT}body") == body


def event(sender, node, item):
    """Matches the notification of an item, from the account of the sender."""
    def match(x):
        items = x.find(f"{EVENT}event/{EVENT}items")
        return (is_message(x) and items is not None and x.get("from") == sender.jid
                and items.get("node") == node and items.find(f"{EVENT}item").get("id") == item)
    return match


async def log_in(check, alice, other, bob):
    check.begin("login, alice on two connectors")
    for peer in (alice, other, bob):
        await peer.login()
        await peer.roster()
        await peer.result("set", f"<unblock xmlns='{BLOCKING}'/>")  # of an earlier run
        await peer.result("get", f"<blocklist xmlns='{BLOCKING}'/>")  # who asked is told of changes
    alice.available()
    other.available()
    bob.available_with_caps(NICK, AVATAR_METADATA)
    await befriend(alice, bob)
    for peer in (alice, other):
        await bob.expect("presence of alice", presence(peer.name))
        await peer.expect("presence of bob", presence(bob.name))
    for peer in (alice, other, bob):
        await peer.fence()
        peer.forget()
    check.ok()


async def known_to(bob, peer):
    """What a client's connector has acknowledged is known at the connector of
    another once something that the client said later has arrived there."""
    peer.send(f"<message to='{bob.name}' type='headline'><body>done</body></message>")
    await bob.expect("message", message(peer.name, "done"))


async def carbons(check, alice, other, bob):
    check.begin("carbons of what alice sends and gets on the other connector")
    for peer in (alice, other):
        await peer.result("set", f"<enable xmlns='{CARBONS}'/>")
        await known_to(bob, peer)
    bob.send(f"<message to='{alice.name}' type='chat'><body>got</body></message>")
    await alice.expect("message", message(bob.name, "got"))
    await other.expect("carbon", carbon("received", "got"))
    alice.send(f"<message to='{bob.jid}' type='chat'><body>secret</body><private xmlns='{CARBONS}'/></message>")
    alice.send(f"<message to='{bob.jid}' type='chat'><body>sent</body></message>")
    await bob.expect("message", message(alice.name, "sent"))
    await other.expect("carbon", carbon("sent", "sent"))
    other.never("carbon of what is private", carbon("sent", "secret"))
    await alice.fence()
    alice.never("carbon of its own", is_message)
    check.ok()


async def blocking(check, alice, other, bob):
    check.begin("who is blocked sees alice leave, and is answered as if she were not there")
    await alice.result("set", f"<block xmlns='{BLOCKING}'><item jid='{bob.jid}'/></block>")
    for peer in (alice, other):
        await peer.expect("push", lambda x: x.find(f"{{{BLOCKING}}}block") is not None)
        await bob.expect("unavailable", presence(peer.name, "unavailable"))
    bob.send(f"<message to='{other.name}' type='chat' id='b1'><body>from a blocked account</body></message>")
    answer = await bob.expect("error", lambda x: is_message(x) and x.get("id") == "b1")
    if answer.find(f".//{STANZAS}service-unavailable") is None:
        raise CheckFailed("no service-unavailable")
    await other.fence()
    other.never("message", message(bob.name, "from a blocked account"))
    check.ok()
    check.begin("who is unblocked sees alice come back")
    await other.result("set", f"<unblock xmlns='{BLOCKING}'><item jid='{bob.jid}'/></unblock>")
    for peer in (alice, other):
        await peer.expect("push", lambda x: x.find(f"{{{BLOCKING}}}unblock") is not None)
        await bob.expect("presence", presence(peer.name))
    for peer in (alice, other):
        await peer.fence()
        peer.forget()
    check.ok()


async def client_state(check, alice, other, bob):
    check.begin("an inactive client is spared all presence but the last")
    other.send("<inactive xmlns='urn:xmpp:csi:0'/>")
    await alice.fence()
    for show in ("away", "xa", "dnd"):
        bob.available(f"<show>{show}</show>")
    bob.send(f"<message to='{other.name}' type='chat'><body>wake up</body></message>")
    await other.expect_in_order(
        ("last presence", lambda x: presence(bob.name)(x) and x.findtext(CLIENT + "show") == "dnd"),
        ("message", message(bob.name, "wake up")))
    other.never("earlier presence", presence(bob.name))
    other.send("<active xmlns='urn:xmpp:csi:0'/>")
    bob.available_with_caps()
    await alice.expect("presence", lambda x: presence(bob.name)(x) and x.find(CLIENT + "show") is None)
    check.ok()


def publish(node, item, payload):
    return (f"<pubsub xmlns='{PUBSUB}'><publish node='{node}'>"
            f"<item id='{item}'>{payload}</item></publish></pubsub>")


async def eventing(check, alice, other, bob):
    check.begin("who is interested, and only of what he is, is notified")
    await alice.result("set", publish("urn:rollcall:check", "current", "<x xmlns='urn:rollcall:check'/>"))
    await alice.result("set", publish(NICK, "current", f"<nick xmlns='{NICK}'>Ally</nick>"))
    got = await bob.expect("notification", event(alice, NICK, "current"))
    if got.findtext(f".//{{{NICK}}}nick") != "Ally":
        raise CheckFailed("the nickname was changed on its way")
    bob.never("notification of another node", event(alice, "urn:rollcall:check", "current"))
    check.ok()
    check.begin("an avatar is announced, and fetched from the other connector")
    digest = hashlib.sha1(PICTURE).hexdigest()
    encoded = base64.b64encode(PICTURE).decode()
    await other.result("set", publish(AVATAR_DATA, digest, f"<data xmlns='{AVATAR_DATA}'>{encoded}</data>"))
    await other.result("set", publish(
        AVATAR_METADATA, digest, f"<metadata xmlns='{AVATAR_METADATA}'>"
        f"<info id='{digest}' bytes='{len(PICTURE)}' type='image/png'/></metadata>"))
    await bob.expect("notification", event(alice, AVATAR_METADATA, digest))
    answer = await bob.result("get", f"<pubsub xmlns='{PUBSUB}'><items node='{AVATAR_DATA}'>"
                              f"<item id='{digest}'/></items></pubsub>", to=alice.jid)
    if base64.b64decode(answer.findtext(f".//{{{AVATAR_DATA}}}data")) != PICTURE:
        raise CheckFailed("the picture was changed on its way")
    check.ok()
    check.begin("who logs in later is sent the last item")
    late = Peer("BOB", setting("ALICE_PORT"), "late")
    await late.login()
    late.available_with_caps(NICK)
    await late.expect("notification", event(alice, NICK, "current"))
    await late.logout()
    check.ok()


async def storage(check, alice, other, bob):
    check.begin("a card with a photo, written on one connector, is read on the other")
    card = f"<FN>Alice ✓</FN><PHOTO><TYPE>image/png</TYPE><BINVAL>{base64.b64encode(PICTURE).decode()}</BINVAL></PHOTO>"
    await alice.result("set", f"<vCard xmlns='vcard-temp'>{card}</vCard>")
    answer = await bob.result("get", "<vCard xmlns='vcard-temp'/>", to=alice.jid)
    if (answer.findtext(".//{vcard-temp}FN") != "Alice ✓"
            or base64.b64decode(answer.findtext(".//{vcard-temp}BINVAL")) != PICTURE):
        raise CheckFailed("the card was changed on its way")
    check.ok()
    check.begin("private data, written on one connector, is read on the other")
    private = "<query xmlns='jabber:iq:private'><x xmlns='urn:rollcall:check'%s></query>"
    await alice.result("set", private % f">{id(check)}</x")
    answer = await other.result("get", private % "/")
    if answer.findtext(".//{urn:rollcall:check}x") != f"{id(check)}":
        raise CheckFailed("it is not what was stored")
    check.ok()


async def seconds(asker, account):
    answer = await asker.result("get", "<query xmlns='jabber:iq:last'/>", to=account)
    return int(answer.find("{jabber:iq:last}query").get("seconds"))


async def offline(check, alice, bob):
    check.begin("messages for an account that is away are kept, and given once, with a delay")
    await bob.logout()
    await alice.expect("unavailable", presence(bob.name, "unavailable"))
    if not 0 <= await seconds(alice, bob.jid) <= 60:
        raise CheckFailed("it is longer ago that bob was there, says XEP-0012")
    for body in ("one", "two"):
        alice.send(f"<message to='{bob.jid}' type='chat'><body>{body}</body></message>")
    await alice.fence()
    back = Peer("BOB", setting("ALICE_PORT"), "back")
    await back.login()
    back.available()
    await back.expect_in_order(*((body, lambda x, body=body: message(alice.name, body)(x)
                                  and x.find("{urn:xmpp:delay}delay") is not None) for body in ("one", "two")))
    await back.logout()
    again = Peer("BOB", setting("BOB_PORT"), "again")
    await again.login()
    again.available()
    await again.fence()
    again.never("message that was given already", is_message)
    await again.logout()
    check.ok()


async def scenario(check):
    alice = Peer("ALICE", setting("ALICE_PORT"), "one")
    other = Peer("ALICE", setting("BOB_PORT"), "two")
    bob = Peer("BOB", setting("BOB_PORT"), "slix")
    await log_in(check, alice, other, bob)
    await carbons(check, alice, other, bob)
    await blocking(check, alice, other, bob)
    await client_state(check, alice, other, bob)
    await eventing(check, alice, other, bob)
    await storage(check, alice, other, bob)
    await offline(check, alice, bob)
    check.begin("clean logout")
    await other.logout()
    await alice.logout()
    check.ok()


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    main("slixmpp, extensions", scenario)
