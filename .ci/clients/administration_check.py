#!/usr/bin/python3
"""Administration by slixmpp's own plugins for ad-hoc commands (XEP-0050) and service
administration (XEP-0133): alice, an admin, lists who is online, sends an announcement,
ends bob's session, disables and re-enables him. Bob, who is none, may do nothing.

Settings (environment): XMPP_HOST, ALICE_PORT, BOB_PORT, and ALICE_JID,
ALICE_PASSWORD, BOB_JID, BOB_PASSWORD. Alice must have the role admin.
"""

import asyncio
import logging
import sys

from peer import CLIENT, PATIENCE, CheckFailed, Peer, main, setting

ADMIN = "http://jabber.org/protocol/admin"
DOMAIN = setting("ALICE_JID").partition("@")[2]


class Admin(Peer):
    """A peer that runs commands by the plugins of its client."""

    def __init__(self, who, port, resource):
        super().__init__(who, port, resource)
        for name in ("xep_0030", "xep_0004", "xep_0050", "xep_0133"):
            self._xmpp.register_plugin(name)

    async def listed(self):
        """The commands that disco names, by their nodes without the namespace."""
        items = await self._xmpp["xep_0133"].get_commands(DOMAIN)
        return {node.removeprefix(ADMIN + "#") for _, node, _ in items["disco_items"]["items"]}

    async def command(self, name, **fields):
        """Runs a command to its end, filling in the form that it shows, and returns the
        answer."""
        answered = asyncio.get_running_loop().create_future()

        def finish(iq, _session):
            answered.set_result(iq)

        def fill_in(iq, session):
            if iq["command"]["status"] == "completed":
                return finish(iq, session)
            form = iq["command"]["form"]
            wanted = [name for name, field in form.get_fields().items() if field["required"]]
            if missing := set(wanted) - set(fields):
                raise CheckFailed(f"{name} wants {missing}, too")
            form.reply()
            form["type"] = "submit"
            form.set_values(fields)
            session.update(payload=form, next=finish)
            self._xmpp["xep_0050"].complete_command(session)

        session = {"next": fill_in, "error": finish}
        getattr(self._xmpp["xep_0133"], name.replace("-", "_"))(jid=DOMAIN, session=session)
        return await asyncio.wait_for(answered, PATIENCE)

    async def done(self, name, **fields):
        """command, which must be carried out without an error."""
        iq = await self.command(name, **fields)
        notes = iq["command"]["notes"] if iq["type"] == "result" else None
        if notes is None or iq["command"]["status"] != "completed" or any(kind == "error" for kind, _ in notes):
            raise CheckFailed(f"{name} {fields}: {iq}")
        return iq["command"]["form"]["values"]


async def look(check, alice, bob):
    check.begin("commands are listed for an admin, and to nobody else but that which gives up a role")
    want = {"add-user", "disable-user", "reenable-user", "end-user-session", "get-online-users-list", "announce"}
    if not want <= await alice.listed() or await bob.listed() - {"urn:rollcall:commands:0#take-role"}:
        raise CheckFailed(f"{await alice.listed()}, {await bob.listed()}")
    answer = await bob.command("get-online-users-num")
    if answer["type"] != "error" or answer["error"]["condition"] != "forbidden":
        raise CheckFailed(f"bob is answered {answer}")
    check.ok()
    check.begin("who is online, on both connectors")
    number = (await alice.done("get-online-users-num"))["onlineusersnum"]
    online = (await alice.done("get-online-users-list", max_items="25"))["onlineuserjids"]
    if number != "2" or set(online) != {alice.jid, bob.jid}:
        raise CheckFailed(f"{number} users are online: {online}")
    check.ok()


async def act(check, alice, bob):
    check.begin("an announcement reaches the other connector")
    await alice.done("announce", subject="Tonight", announcement="We move\nat 10")
    await bob.expect("the announcement", lambda x: x.tag == CLIENT + "message" and x.get("type") == "headline"
                     and x.get("from") == DOMAIN and x.findtext(CLIENT + "body") == "We move\nat 10")
    check.ok()
    check.begin("a session is ended")
    await alice.done("end-user-session", accountjids=[bob.name])
    await bob.lost()
    check.ok()
    check.begin("a user who is disabled can't log in")
    await alice.done("disable-user", accountjids=[bob.jid])
    shut_out = Peer("BOB", setting("BOB_PORT"), "again")
    try:
        await shut_out.login()
    except CheckFailed:
        pass
    else:
        raise CheckFailed("bob could log in")
    await alice.done("reenable-user", accountjids=[bob.jid])
    back = Peer("BOB", setting("BOB_PORT"), "back")
    await back.login()
    check.ok()
    check.begin("when a user was there last")
    if not (await alice.done("get-user-lastlogin", accountjid=bob.jid))["lastlogin"].endswith("Z"):
        raise CheckFailed("it is no time")
    check.ok()
    await back.logout()


async def scenario(check):
    alice = Admin("ALICE", setting("ALICE_PORT"), "admin")
    bob = Admin("BOB", setting("BOB_PORT"), "slix")
    check.begin("login")
    for peer in (alice, bob):
        await peer.login()
        peer.available()
        await peer.fence()
    await look(check, alice, bob)
    await act(check, alice, bob)
    await alice.logout()


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    main("slixmpp, administration", scenario)
