#!/usr/bin/python3
"""bob for converse_check.mjs: logs in with slixmpp, says so, answers alice when she
says the text that is the argument, and logs out when standard input ends.

Settings (environment): XMPP_HOST, BOB_PORT, BOB_JID, BOB_PASSWORD, ALICE_JID.
"""

import asyncio
import sys
from xml.sax.saxutils import escape

from peer import CLIENT, Peer, main, setting

TEXT = sys.argv[1]


def from_alice(x):
    return (x.tag == CLIENT + "message" and x.findtext(CLIENT + "body") == TEXT
            and x.get("from", "").partition("/")[0] == setting("ALICE_JID"))


async def body(check):
    bob = Peer("BOB", setting("BOB_PORT"), "slix")
    check.begin("slixmpp logs in on the other connector")
    await bob.login()
    bob.available("<show>away</show>")
    await bob.fence()
    check.ok()
    check.begin("slixmpp gets the page's message and answers")
    said = await bob.expect("message", from_alice, patience=60)
    bob.send(f"<message to='{said.get('from')}' type='chat'>"
             f"<body>bob heard: {escape(TEXT)}</body></message>")
    await bob.fence()
    check.ok()
    check.begin("slixmpp logs out")
    await asyncio.to_thread(sys.stdin.read)
    await bob.logout()
    check.ok()


main("Converse.js, WebSocket", body)
