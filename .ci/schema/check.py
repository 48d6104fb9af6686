"""What docs/schema promises, as Python sees it: each vector's event is valid, is what an
independent reading of its record says, and no longer valid once something is wrong."""

import copy
import json
import pathlib
import sys
from datetime import datetime, timezone

import msgpack
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

ROOT = pathlib.Path(__file__).resolve().parents[2] / "docs/schema"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LATEST = 253402300799999  # milliseconds: the last instant that RFC 3339 has a form for


def ulid(raw):
    n = int.from_bytes(raw, "big")
    return "".join(CROCKFORD[n >> shift & 31] for shift in range(125, -1, -5))


def instant(microseconds):
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, timezone.utc).strftime(f"%Y-%m-%dT%H:%M:%S.{rest:06}Z")


def partition(account):
    h = 2166136261
    for byte in account.encode():
        h = (h ^ byte) * 16777619 & 0xFFFFFFFF
    return str(h % 256)


def expected(vector):
    """What follows from a record without Rollcall's code, of its envelope and of data."""
    place = f"{vector['seq']:020}"
    if vector["stream"] == "RC_PRE":
        place += f".{vector['part']:04}"
    known = {
        "source": f"urn:rollcall:log:{vector['stream']}:{vector['created']}",
        "sequence": place,
        "recordedtime": instant(int(vector["at"]) // 1000),
    }
    try:
        unpacked = msgpack.unpackb(bytes.fromhex(vector["record"]), unicode_errors="replace")
        _, kind, version, ident, session, jid, time, connector, epoch, cause, prev, _ = unpacked
    except (ValueError, TypeError):
        return known | {"id": place, "type": "rollcall.log.damaged.v1"}, {"size": len(vector["record"]) // 2}
    known |= {"id": ulid(ident), "time": instant(time // 1000)}
    if cause:
        known["causationid"] = ulid(cause)
    if session or cause:
        known["correlationid"] = ulid(session or cause)
        known["traceparent"] = f"00-{(session or cause).hex()}-{ident[8:].hex()}-03"
    if jid:
        known["partitionkey"] = partition(jid.split("/")[0])
    event_class = vector["event"]["type"].split(".")[1]
    if event_class == "log":
        return known, {"kind": kind, "version": version}
    data = {"connector": connector, "epoch": epoch}
    if event_class != "connection":
        data["prev"] = prev
    if session and event_class in ("session", "presence"):
        began = min(int.from_bytes(session[:6], "big"), LATEST)
        data |= {"began": instant(began * 1000), "duration_ms": max(time // 1_000_000 - began, 0)}
    if event_class in ("session", "presence", "account"):
        data["account"] = jid.split("/")[0]
        data["who"] = vector.get("who")
    return known, data


def wrong(event):
    """Events that are not valid, by what is wrong with them."""
    for name in ("id", "source", "type", "sequence", "data"):
        without = copy.deepcopy(event)
        del without[name]
        yield f"without {name}", without
    for name, value in (("specversion", "2.0"), ("sequence", "7"), ("data", [])):
        yield f"{name} {value}", copy.deepcopy(event) | {name: value}
    if "epoch" in event["data"]:
        other = copy.deepcopy(event)
        other["data"]["epoch"] = "seven"
        yield "an epoch in words", other


def main():
    schemas = [json.loads(path.read_text()) for path in ROOT.glob("*.schema.json")]
    for schema in schemas:
        Draft202012Validator.check_schema(schema)
    registry = Registry().with_resources((s["$id"], Resource.from_contents(s)) for s in schemas)
    validator = Draft202012Validator({"$ref": "urn:rollcall:schema:event:1"}, registry=registry)
    paths = sorted((ROOT / "vectors").glob("*.json"))
    faults = []
    for path in paths:
        vector = json.loads(path.read_text())
        event = vector["event"]
        faults += [f"{path.name}: {e.json_path}: {e.message}" for e in validator.iter_errors(event)]
        envelope, data = expected(vector)
        for part, values in ((event, envelope), (event["data"], data)):
            faults += [f"{path.name}: {k} is {part.get(k)!r}, not {v!r}" for k, v in values.items() if part.get(k) != v]
        faults += [f"{path.name}: valid, though it is {what}" for what, bad in wrong(event) if validator.is_valid(bad)]
    if len(paths) < 30 or len(schemas) < 20:
        faults.append(f"only {len(paths)} vectors and {len(schemas)} schemas")
    print("\n".join(faults) or f"python: {len(paths)} vectors hold")
    return bool(faults)


sys.exit(main())
