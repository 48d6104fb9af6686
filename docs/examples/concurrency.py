"""Keeps the number of sessions that are online, from the published stream's beginning on.

    pip install nats-py
    python3 concurrency.py nats://127.0.0.1:4222

Writes a line of CSV for each change: time, sequence, sessions. The stream is there if a
process of the service has the role publisher. The consumer is one that NATS forgets when
this program ends; it comes back by itself where it was when NATS was away.
"""

import asyncio
import json
import sys

import nats
from nats.js.api import DeliverPolicy


async def events(url, stream, subject):
    """Gives the stream's events, those that it has and then those to come."""
    connection = await nats.connect(url, max_reconnect_attempts=-1)
    messages = await connection.jetstream().subscribe(
        subject, stream=stream, ordered_consumer=True, deliver_policy=DeliverPolicy.ALL)
    async for message in messages.messages:
        yield json.loads(message.data)


async def main(url):
    online, source = set(), None
    async for event in events(url, "RC_PUBLIC", "rc.v1.pub.session.*.*"):
        if event["source"] != (source := source or event["source"]):
            sys.exit("this is another log than before")
        before, kind = len(online), event["type"]
        if kind in ("rollcall.session.bound.v1", "rollcall.session.refreshed.v1"):
            online.add(event["subject"])  # refreshed repeats a session that is older than the stream
        elif kind == "rollcall.session.closed.v1":
            online.discard(event["subject"])
        if len(online) != before:
            print(event["recordedtime"], int(event["sequence"]), len(online), sep=",", flush=True)


asyncio.run(main(sys.argv[1]))
