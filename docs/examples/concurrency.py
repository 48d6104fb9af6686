"""Keeps the number of sessions that are online, from the published stream's beginning on.

    pip install nats-py
    rollcall feed add curve --class session --in-order
    export TOKEN=$(rollcall token add curve)
    python3 concurrency.py nats://127.0.0.1:4222

Writes a line of CSV for each change: time, sequence, sessions. The stream is there if a
process of the service has the role publisher. NATS remembers how far the feed "curve" was
read, and the file curve.json what came of it: started again, this program goes on there.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import nats

STREAM, NAME, KEPT = "RC_PUBLIC", "curve", Path("curve.json")


async def events(url):
    """Gives the feed's events, each until the one that asks for the next has dealt with it."""
    connection = await nats.connect(url, token=os.environ["TOKEN"], max_reconnect_attempts=-1)
    feed = await connection.jetstream().pull_subscribe_bind(NAME, STREAM)
    while True:
        try:
            (message,) = await feed.fetch(1, timeout=5)
        except nats.errors.TimeoutError:
            continue
        yield json.loads(message.data)
        await message.ack()


def keep(state):
    """Replaces what is kept, whole or not at all."""
    new = KEPT.with_suffix(".new")
    new.write_text(json.dumps(state))
    new.replace(KEPT)


async def main(url):
    state = json.loads(KEPT.read_text()) if KEPT.exists() else {"source": None, "sequence": 0, "online": {}}
    online = state["online"]
    async for event in events(url):
        if event["source"] != (state["source"] or event["source"]):
            sys.exit("this is another log than before; remove " + str(KEPT))
        sequence = int(event["sequence"])
        if sequence <= state["sequence"]:
            continue  # it was acknowledged, and NATS was killed before it had written that down
        before, kind = len(online), event["type"]
        if kind in ("rollcall.session.bound.v1", "rollcall.session.refreshed.v1"):
            online[event["subject"]] = True  # refreshed repeats a session that is older than the stream
        elif kind == "rollcall.session.closed.v1":
            online.pop(event["subject"], None)
        if len(online) != before:
            print(event["recordedtime"], sequence, len(online), sep=",", flush=True)
        state["source"], state["sequence"] = event["source"], sequence
        keep(state)


asyncio.run(main(sys.argv[1]))
