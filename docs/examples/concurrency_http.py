"""Keeps the number of sessions that are online, from the log's beginning on, over HTTP.

    TOKEN=$(rollcall token add curve) python3 concurrency_http.py http://127.0.0.1:5288

Writes a line of CSV for each change: time, sequence, sessions. It first downloads what the
log has, and then follows it live, from the next sequence on: nothing is missing between the
two, and nothing comes twice. Needs nothing but Python.
"""

import json
import os
import sys
import time
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

TYPES = "type=bound,refreshed,closed"  # refreshed repeats a session that is older than the log


def ask(path):
    token = {"Authorization": f"Bearer {os.environ['TOKEN']}"}
    return urlopen(Request(sys.argv[1] + path, headers=token), timeout=60)  # a heartbeat comes every 15 s


def events(position=0, path="/v1/events.ndjson"):
    """Gives the events after a position, those that the log has and then those to come."""
    while True:
        try:
            with ask(f"{path}?{TYPES}&after={position}") as lines:
                for line in lines:
                    if not line.startswith((b"{", b"data: {")):
                        continue  # of the stream: ids, names and comments
                    said = json.loads(line.removeprefix(b"data: "))
                    if "sequence" in said:
                        yield said
                        position = int(said["sequence"])
                    elif "position" in said:  # the download is whole
                        position, path = said["position"], "/v1/events/stream"
                    else:
                        sys.exit(f"the log has forgotten what came before {said['first']}")
        except HTTPError as error:
            if error.code < 500:
                sys.exit(f"{error}: {error.read().decode()}")
        except (OSError, HTTPException):
            pass  # it was cut off
        time.sleep(0.2)


online, source = set(), None
for event in events():
    if event["source"] != (source := source or event["source"]):
        sys.exit("this is another log than before")
    before = len(online)
    (online.discard if event["type"] == "rollcall.session.closed.v1" else online.add)(event["subject"])
    if len(online) != before:
        print(event["recordedtime"], int(event["sequence"]), len(online), sep=",", flush=True)
