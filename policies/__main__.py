"""The pack as Pulumi starts it: ``pulumi preview --policy-pack policies``. It serves until Pulumi ends it."""

import sys
from pathlib import Path

# Pulumi runs this folder as a program, with the folder itself on the path instead of the repository.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from pulumi_policy import EnforcementLevel, PolicyPack  # noqa: E402 (the path comes first)

from policies.pack import ALL, NAME  # noqa: E402 (the path comes first)

PolicyPack(name=NAME, enforcement_level=EnforcementLevel.MANDATORY, policies=list(ALL))
