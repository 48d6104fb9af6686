"""Checks SBOMs by the schema of CycloneDX 1.6, and that it would find a fault.

    sbom_check.py SBOM...
"""

import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

schema = JsonStrictValidator(SchemaVersion.V1_6)
for path in sys.argv[1:]:
    with open(path) as f:
        bom = json.load(f)
    if fault := schema.validate_str(json.dumps(bom)):
        sys.exit(f"{path}: {fault}")
    bom["components"][0]["type"] = "nonsense"
    if not schema.validate_str(json.dumps(bom)):
        sys.exit("the schema takes everything")
print(len(sys.argv) - 1, "SBOMs are of the schema")
