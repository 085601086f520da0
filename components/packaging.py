"""The code of a function: its own folder and the shared packages it may import.

The one place that knows what a package is made of. Whole folders are handed over as they are, so that applying the
program costs no reading of sources.
"""

from pathlib import Path
from typing import Final

import pulumi

ROOT: Final = Path(__file__).resolve().parent.parent

SHARED_PACKAGES: Final = ("models", "domain", "sources", "stores", "workflows", "runtime")
"""Of ``src``; the command line stays out, it is not part of any function."""


def handler_of(task: str) -> str:
    return f"lambdas.{task}.handler.handler"


def code_of(task: str, *, root: Path = ROOT) -> pulumi.AssetArchive:
    folders = {f"lambdas/{task}": root / "lambdas" / task}
    folders |= {package: root / "src" / package for package in SHARED_PACKAGES}
    return pulumi.AssetArchive({name: pulumi.FileArchive(str(folder)) for name, folder in folders.items()})
