#!/usr/bin/python3
"""The people who move: what their clients keep with a server, by slixmpp.

    people.py make        makes contacts, cards, bookmarks, nodes and messages, at a
                          server that has the accounts and nothing of theirs
    people.py see         prints what each of them sees, as JSON, one line a thing;
                          two servers that keep the same give the same lines
    people.py arrive      has carol come online, and prints what had waited for her

Settings (environment): XMPP_HOST, PORT, DOMAIN. The password of each is her name
with "-secret" behind it.
"""

import asyncio
import json
import os
import sys
from xml.etree import ElementTree as ET

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "clients"))

import peer  # noqa: E402
from peer import CLIENT, CheckFailed, Peer, presence, text  # noqa: E402

DOMAIN = peer.setting("DOMAIN")
NAMES = ("alice", "bob", "carol", "zoë")
PUBSUB = "http://jabber.org/protocol/pubsub"
OWNER = PUBSUB + "#owner"
NICK, MOOD = "http://jabber.org/protocol/nick", "http://jabber.org/protocol/mood"
BOOKMARKS = "urn:xmpp:bookmarks:1"
NOTES = "urn:example:notes"
CARD = ("<vCard xmlns='vcard-temp'><FN>Alice &amp; Söhne</FN><N><GIVEN>Alice</GIVEN></N>"
        "<PHOTO><TYPE>image/png</TYPE><BINVAL>aGVsbG8=</BINVAL></PHOTO></vCard>")
ROOMS = ("<storage xmlns='storage:bookmarks'><conference jid='tea@rooms.example' name='Tea &lt;3' "
         "autojoin='true'><nick>Al</nick></conference></storage>")


def person(name, resource="old"):
    who = name.upper()
    os.environ[f"{who}_JID"] = f"{name}@{DOMAIN}"
    os.environ[f"{who}_PASSWORD"] = f"{name}-secret"
    return Peer(who, peer.setting("PORT"), resource)


def field(name, value):
    return f"<field var='pubsub#{name}'><value>{value}</value></field>"


def publish(node, item, payload, fields=""):
    form = (f"<publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>"
            f"<value>{PUBSUB}#publish-options</value></field>{fields}</x></publish-options>") if fields else ""
    return (f"<pubsub xmlns='{PUBSUB}'><publish node='{node}'><item id='{item}'>{payload}</item></publish>"
            f"{form}</pubsub>")


async def keep(one, node, access, **payloads):
    """Publishes items in a node that is made for several, where the server (not
    ejabberd 23) lets a client say how many."""
    fields = field("persist_items", "true") + field("access_model", access)
    for item, payload in payloads.items():
        answer = await one.ask("set", publish(node, item, payload, fields + field("max_items", "10")))
        if answer.get("type") == "error":
            await one.result("set", publish(node, item, payload, fields))


async def subscribe(asker, contact, answer):
    """asker asks for contact's presence, who answers, or is not there to."""
    asker.send(f"<presence to='{contact.jid}' type='subscribe'/>")
    if not answer:
        await asker.fence()
        return
    await contact.expect("request", presence(asker.jid, "subscribe"))
    contact.send(f"<presence to='{asker.jid}' type='subscribed'/>")
    await asker.expect("approval", presence(contact.jid, "subscribed"))


async def make(check):
    check.begin("contacts")
    alice, bob, zoe = person("alice"), person("bob"), person("zoë")
    carol = person("carol")
    for one in (alice, bob, zoe):
        await one.login()
        await one.roster()
        one.available()
    await subscribe(alice, bob, True)
    await subscribe(bob, alice, True)
    await subscribe(zoe, bob, True)
    await subscribe(alice, carol, False)
    for jid, name, groups in ((bob.jid, "Bob & Co", ("Friends", "Büro")), ("dave@elsewhere.example", "Dave", ())):
        inner = "".join(f"<group>{g}</group>" for g in groups)
        await alice.result("set", f"<query xmlns='jabber:iq:roster'><item jid='{jid}' name='{name.replace('&', '&amp;')}'>{inner}</item></query>")
    check.ok()
    check.begin("what clients keep")
    await alice.result("set", CARD)
    await alice.result("set", f"<query xmlns='jabber:iq:private'>{ROOMS}</query>")
    await alice.result("set", f"<block xmlns='urn:xmpp:blocking'><item jid='spam@{DOMAIN}'/><item jid='evil.example'/></block>")
    await alice.result("set", publish(NICK, "current", f"<nick xmlns='{NICK}'>Al</nick>"))
    await bob.result("set", publish(MOOD, "m1", f"<mood xmlns='{MOOD}'><happy/><text>Tea &amp; cake</text></mood>"))
    await keep(bob, BOOKMARKS, "whitelist", **{
        f"room{n}@rooms.example": f"<conference xmlns='{BOOKMARKS}' name='Room {n}' autojoin='1'/>" for n in range(3)})
    await keep(alice, NOTES, "open", n1=f"<note xmlns='{NOTES}'>one</note>", n2=f"<note xmlns='{NOTES}'>two</note>")
    check.ok()
    check.begin("messages for somebody who is away")
    for one, body in ((alice, "first &lt; second"), (bob, "grüße"), (alice, "last")):
        one.send(f"<message to='{carol.jid}' type='chat' id='{one.jid[0]}'><body>{body}</body></message>")
        await one.fence()
    for one in (alice, bob, zoe):
        await one.logout()
    check.ok()


def show(name, what, value):
    print(json.dumps([name, what, value], ensure_ascii=False, sort_keys=True))


def plain(xml):
    """plain is an element in the canonical form, without the blanks around it."""
    return ET.canonicalize(text(xml), rewrite_prefixes=True).strip()


def fields(xml, path=""):
    """fields are the texts of an element by their paths, in whatever order they came."""
    below = [f for c in xml for f in fields(c, path + "/" + c.tag.rpartition("}")[2])]
    return sorted(below + ([[path, xml.text.strip()]] if xml.text and xml.text.strip() else []))


async def items(one, jid, node):
    answer = await one.ask("get", f"<pubsub xmlns='{PUBSUB}'><items node='{node}'/></pubsub>", to=jid)
    if answer.get("type") == "error":
        return "refused"
    return {i.get("id"): plain(i[0]) for i in answer.iter(f"{{{PUBSUB}}}item")}


async def see_one(name):
    one = person(name, "new")
    await one.login()
    roster = await one.roster()
    for jid in sorted(roster):
        i = roster[jid]
        show(name, "contact", [jid, i.get("name") or "", i.get("subscription"), i.get("ask") or "", sorted(g.text for g in i)])
    card = await one.ask("get", "<vCard xmlns='vcard-temp'/>")
    show(name, "card", fields(card[0]) if len(card) and card.get("type") == "result" else [])
    private = await one.result("get", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>")
    show(name, "bookmarks", plain(private[0][0]))
    blocked = await one.result("get", "<blocklist xmlns='urn:xmpp:blocking'/>")
    show(name, "blocked", sorted(i.get("jid") for i in blocked[0]))
    for owner, node in (("alice", NICK), ("alice", NOTES), ("bob", MOOD), ("bob", BOOKMARKS)):
        show(name, f"{node} of {owner}", await items(one, f"{owner}@{DOMAIN}", node))
    await one.logout()
    show(name, "logged in with", one.logged_in_with().removesuffix("-PLUS"))


async def see(_):
    for name in NAMES:
        await see_one(name)


async def arrive(_):
    carol = person("carol", "new")
    await carol.login()
    await carol.roster()
    carol.available()
    await carol.expect("request", presence(f"alice@{DOMAIN}", "subscribe"))
    show("carol", "request", f"alice@{DOMAIN}")
    for _ in range(3):
        m = await carol.expect("message", lambda x: x.tag == CLIENT + "message" and x.find(CLIENT + "body") is not None)
        if m.find("{urn:xmpp:delay}delay") is None:
            raise CheckFailed("a message that had waited does not say since when")
        show("carol", "message", [m.get("from"), m.get("type"), m.findtext(CLIENT + "body")])
    await carol.fence()
    carol.never("further message", lambda x: x.tag == CLIENT + "message")
    await carol.logout()


if __name__ == "__main__":
    peer.main("people", {"make": make, "see": see, "arrive": arrive}[sys.argv[1]])
