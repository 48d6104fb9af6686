"""A scripted slixmpp client for the checks: it remembers every stanza that the
server sent it, as plain XML, and waits for the ones that a check asks for.

slixmpp's own roster automatics are off, so that everything that happens is what
the check did. Certificates are not verified: the service makes its own.
"""

import asyncio
import copy
import os
import ssl
import sys
from xml.etree import ElementTree as ET

from slixmpp import ClientXMPP

CLIENT = "{jabber:client}"
ROSTER = "{jabber:iq:roster}"
STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"
PATIENCE = 15  # seconds that one expectation may take; the machine may be busy


class CheckFailed(Exception):
    """What a check waited for did not happen, or the wrong thing did."""


class Check:
    """Prints PASS lines as steps succeed and knows which step is under way."""

    def __init__(self, name):
        self.name, self.step = name, "start"

    def begin(self, step):
        self.step = step

    def ok(self, step=None):
        print(f"PASS {self.name}: {step or self.step}", flush=True)


async def _run(check, body):
    try:
        await body(check)
        return 0
    except Exception as reason:  # any failure of a step is the check's result
        print(f"FAIL {check.name}: {check.step}: {reason or repr(reason)}", flush=True)
        return 1


def main(name, body):
    """Runs one check, an async function of a Check, and exits 0 or 1."""
    sys.exit(asyncio.run(_run(Check(name), body)))


def setting(name, default=None):
    """Settings come by the environment, so that every client takes the same ones."""
    value = os.environ.get(name, default)
    if value is None:
        sys.exit(f"{name} is not set; see .ci/clients/run for the settings of a check")
    return value


class _Client(ClientXMPP):
    """ClientXMPP that shows each top-level element before anything handles it, and
    looks no names up: a check gives the address."""

    saw = None

    async def get_dns_records(self, domain, port=None):
        return []

    def incoming_filter(self, xml):
        self.saw(copy.deepcopy(xml))
        return xml


class Peer:
    """One user at one connector. All methods run on the event loop."""

    def __init__(self, who, port, resource, direct_tls=False):
        self.jid = setting(f"{who}_JID")
        self.name = f"{self.jid}/{resource}"
        self._address = (setting("XMPP_HOST", "127.0.0.1"), int(port))
        self._direct_tls = direct_tls
        self.refused = []  # mechanisms that the server refused before one succeeded
        self._seen, self._changed, self._ended = [], asyncio.Event(), None
        self._xmpp = _Client(self.name, setting(f"{who}_PASSWORD"))
        self._xmpp.saw = self._saw
        self._xmpp.ssl_context.check_hostname = False
        self._xmpp.ssl_context.verify_mode = ssl.CERT_NONE
        self._xmpp.auto_authorize = self._xmpp.auto_subscribe = None
        self._xmpp.add_event_handler("disconnected", self._on_end)
        self._xmpp.add_event_handler("failed_auth", lambda _: self.refused.append(self._mechanism()))
        self._xmpp.add_event_handler("failed_all_auth", lambda _: self._on_end("login refused"))
        self._xmpp.add_event_handler("connection_failed", self._on_end)

    def _saw(self, xml):
        self._seen.append(xml)
        self._changed.set()

    def _on_end(self, reason):
        self._ended = str(reason or "connection lost")
        self._changed.set()

    def _mechanism(self):
        return self._xmpp["feature_mechanisms"].mech.name

    async def login(self):
        """Connects, authenticates and binds; sends no presence."""
        await self._connect("session_start")
        if self._xmpp.boundjid.full != self.name:
            raise CheckFailed(f"asked for {self.name}, bound to {self._xmpp.boundjid.full}")

    def keep_session(self):
        """Has the next login enable resumption (XEP-0198)."""
        self._xmpp.register_plugin("xep_0198")

    async def resume(self):
        """Connects again after the connection was lost, to the same session."""
        self._ended = None
        await self._connect("session_resumed")

    async def _connect(self, success):
        reached = asyncio.ensure_future(self._xmpp.wait_until(success, PATIENCE))
        self._xmpp.connect(self._address, use_ssl=self._direct_tls,
                           disable_starttls=self._direct_tls)
        ended = asyncio.ensure_future(self._until(lambda: self._ended, PATIENCE))
        await asyncio.wait({reached, ended}, return_when=asyncio.FIRST_COMPLETED)
        for task in (reached, ended):
            task.cancel()
        if self._ended or not reached.done() or reached.cancelled() or reached.exception():
            raise CheckFailed(f"{self.name}: no {success}: {self._ended or 'no answer in time'}")

    async def lost(self):
        """Waits for the end of the connection, which the other side brings about."""
        await self._until(lambda: self._ended, PATIENCE)
        if not self._ended:
            raise CheckFailed(f"{self.name}: the connection did not end in {PATIENCE} s")

    def logged_in_with(self):
        """The mechanism that succeeded, after those that failed."""
        return ", ".join(self.refused + [self._mechanism()])

    async def logout(self):
        """Ends the stream and waits for the server to end its side too."""
        self._xmpp.disconnect(wait=PATIENCE)
        await self._until(lambda: self._ended, PATIENCE + 1)
        if self._ended != "End of stream":
            raise CheckFailed(f"{self.name}: no </stream:stream> in answer to ours: {self._ended}")

    def send(self, xml):
        """Sends a stanza that is written out in full."""
        self._xmpp.send_raw(xml)

    def available(self, inner=""):
        self.send(f"<presence>{inner}</presence>")

    def available_with_caps(self, *nodes):
        """Sends presence by which the server learns that this client wants to be
        notified of these nodes (XEP-0115, XEP-0163). slixmpp answers for it."""
        for name in ("xep_0030", "xep_0115", "xep_0163"):
            self._xmpp.register_plugin(name)
        for node in nodes:
            self._xmpp["xep_0163"].add_interest(node)
        self._xmpp.send_presence()

    async def ask(self, kind, inner, to="", identifier=None):
        """Sends an iq and returns its answer, a result or an error."""
        identifier = identifier or self._xmpp.new_id()
        to = f" to='{to}'" if to else ""
        self.send(f"<iq id='{identifier}' type='{kind}'{to}>{inner}</iq>")
        return await self.expect(f"answer to iq {inner[:60]}", lambda x: x.tag == CLIENT + "iq"
                                 and x.get("id") == identifier
                                 and x.get("type") in ("result", "error"))

    async def result(self, kind, inner, **options):
        """Sends an iq and returns its result; an error is a failure."""
        answer = await self.ask(kind, inner, **options)
        if answer.get("type") != "result":
            raise CheckFailed(f"{self.name}: {inner} was refused: {text(answer)}")
        return answer

    async def roster(self):
        """Asks for the roster and returns its items by JID."""
        answer = await self.result("get", "<query xmlns='jabber:iq:roster'/>")
        return {item.get("jid"): item for item in answer.iter(ROSTER + "item")}

    async def expect(self, what, match, patience=PATIENCE):
        """Returns the first stanza not yet taken that matches, and takes it."""
        xml = await self._arrival(what, match, patience)
        self._seen.remove(xml)
        return xml

    async def expect_in_order(self, *whats_and_matches):
        """Takes a stanza for each (what, match), which must have come in this order."""
        arrived = [await self._arrival(what, match, PATIENCE) for what, match in whats_and_matches]
        places = [self._seen.index(xml) for xml in arrived]
        if places != sorted(places):
            came = "\n    ".join(text(xml) for _, xml in sorted(zip(places, arrived)))
            wanted = ", ".join(what for what, _ in whats_and_matches)
            raise CheckFailed(f"{self.name}: wanted {wanted} in this order; what came:\n    {came}")
        for xml in arrived:
            self._seen.remove(xml)

    async def _arrival(self, what, match, patience):
        def found():
            return next((x for x in self._seen if match(x)), None)
        xml = await self._until(found, patience)
        if xml is None:
            seen = "\n    ".join(text(x) for x in self._seen[-12:]) or "nothing"
            ended = f"; the stream had ended: {self._ended}" if self._ended else ""
            raise CheckFailed(f"{self.name}: no {what} in {patience} s{ended}. Not taken yet:\n    {seen}")
        return xml

    async def _until(self, found, patience):
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            self._changed.clear()
            value = found()
            left = deadline - asyncio.get_running_loop().time()
            if value is not None or left <= 0:
                return value
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except asyncio.TimeoutError:
                pass

    async def fence(self):
        """Returns when the server has dealt with all that this client sent, so that
        what should not arrive has had its chance."""
        await self.ask("get", "<ping xmlns='urn:xmpp:ping'/>", to=self.jid.partition("@")[2])

    def never(self, what, match):
        """Fails when a stanza that matches is there, not taken."""
        for xml in self._seen:
            if match(xml):
                raise CheckFailed(f"{self.name}: unwanted {what}: {text(xml)}")

    def forget(self):
        """Drops everything that was seen so far."""
        self._seen.clear()


async def befriend(one, other):
    """Has two peers see each other's presence, if they don't yet."""
    for asker, contact in ((one, other), (other, one)):
        item = (await asker.roster()).get(contact.jid)
        if item is not None and item.get("subscription") in ("to", "both"):
            continue
        contact.send(f"<presence to='{asker.jid}' type='subscribed'/>")  # pre-approval
        await contact.fence()
        asker.send(f"<presence to='{contact.jid}' type='subscribe'/>")
        await asker.expect("approval", presence(contact.jid, "subscribed"))


def text(xml):
    return ET.tostring(xml, encoding="unicode")


def presence(sender, kind=None):
    """Matches presence of a sender, by full or bare JID, with exactly that type."""
    return lambda x: (x.tag == CLIENT + "presence" and x.get("type") == kind
                      and sender in (x.get("from", ""), x.get("from", "").partition("/")[0]))


def message(sender, body):
    return lambda x: (x.tag == CLIENT + "message" and x.get("from") == sender
                      and x.findtext(CLIENT + "body") == body)


def push(jid, **attributes):
    """Matches a roster push for a contact whose attributes have these values."""
    def match(x):
        item = x.find(f"{ROSTER}query/{ROSTER}item")
        return (x.tag == CLIENT + "iq" and x.get("type") == "set" and item is not None
                and item.get("jid") == jid
                and all(item.get(key) == value for key, value in attributes.items()))
    return match
