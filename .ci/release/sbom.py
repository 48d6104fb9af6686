"""Writes what a program of Go was built from as a CycloneDX 1.6 SBOM.

    sbom.py PROGRAM VERSION TIME    TIME is in seconds since 1970

Its components are the modules that the linker recorded in the program, each with the
hash by which go.sum knows it, and Go's own library; who needs which is the module
graph's word. The same program gives the same bytes.
"""

import base64
import datetime
import json
import subprocess
import sys
import uuid


def go(*args):
    return subprocess.run(["go", *args], check=True, capture_output=True, text=True).stdout


def purl(path, version):
    return f"pkg:golang/{path}@{version}"


def component(path, version, h1=None):
    c = {"type": "library", "bom-ref": purl(path, version), "name": path, "version": version, "purl": purl(path, version)}
    if h1:
        c["hashes"] = [{"alg": "SHA-256", "content": base64.b64decode(h1.removeprefix("h1:")).hex()}]
    return c


def main(program, version, time):
    info = json.loads(go("version", "-m", "-json", program))
    if isinstance(info, list):
        info = info[0]
    settings = {s["Key"]: s["Value"] for s in info["Settings"]}
    us = info["Main"]["Path"]
    root = purl(us, version)
    library = component("std", info["GoVersion"].removeprefix("go"))
    modules = [m.get("Replace") or m for m in info["Deps"]]
    components = [library] + [component(m["Path"], m["Version"], m.get("Sum")) for m in modules]
    refs = {c["name"]: c["bom-ref"] for c in components}
    needs = {ref: set() for ref in [root, *refs.values()]}
    for line in go("mod", "graph").splitlines():
        needing, needed = (name.partition("@")[0] for name in line.split())
        ref = root if needing == us else refs.get(needing)
        if ref and needed in refs:
            needs[ref].add(refs[needed])
    needs[root].add(library["bom-ref"])
    json.dump({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "urn:uuid:" + str(uuid.uuid5(uuid.NAMESPACE_URL, f"{root}#{settings['GOOS']}/{settings['GOARCH']}")),
        "version": 1,
        "metadata": {
            "timestamp": datetime.datetime.fromtimestamp(int(time), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application", "bom-ref": root, "name": us, "version": version, "purl": root,
                "properties": [{"name": key, "value": settings[key]} for key in ("GOOS", "GOARCH", "vcs.revision")],
            },
        },
        "components": components,
        "dependencies": [{"ref": ref, "dependsOn": sorted(all)} for ref, all in needs.items()],
    }, sys.stdout, indent=1)
    print()


main(*sys.argv[1:])
