"""Layers: the libraries of the functions, published once and shared."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.lambda_functions import ARCHITECTURE, RUNTIME

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_NAME: Final = re.compile(r"[a-zA-Z0-9-_]{1,140}")


@dataclass(frozen=True, kw_only=True)
class LayerContent:
    """``digest`` (SHA-256, hexadecimal) is of what the archive was made of; another one is another version."""

    archive: pulumi.Archive
    digest: str

    def __post_init__(self) -> None:
        if not _DIGEST.fullmatch(self.digest):
            raise ValueError(f"{self.digest!r} is no SHA-256 in hexadecimal; a layer would not be renewed by it")


@dataclass(frozen=True, kw_only=True)
class LayersArgs:
    """``contents`` by the layer's own name."""

    name_prefix: str
    contents: Mapping[str, LayerContent]

    def __post_init__(self) -> None:
        for name in self.contents:
            if not _NAME.fullmatch(f"{self.name_prefix}-{name}"):
                raise ValueError(f"{name!r} is no name for a layer: use letters, digits, - and _")


class Layers(pulumi.ComponentResource):
    """``arns`` by the layer's own name, each with its version.

    A version cannot be changed, so another content replaces it: the new one is published first, the functions are
    switched, and the old one is deleted last. Lambda keeps a deleted version for as long as a function has it, so
    nothing that runs loses its libraries, and none needs to be left behind.
    """

    def __init__(self, name: str, args: LayersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:Layers", name, None, opts)
        self.arns: Mapping[str, pulumi.Output[str]] = {
            layer: aws.lambda_.LayerVersion(
                f"{name}-{layer}",
                layer_name=f"{args.name_prefix}-{layer}",
                description="Locked libraries of the functions",
                code=content.archive,
                source_code_hash=base64.b64encode(bytes.fromhex(content.digest)).decode(),
                compatible_runtimes=[RUNTIME],
                compatible_architectures=[ARCHITECTURE],
                opts=pulumi.ResourceOptions(parent=self),
            ).arn
            for layer, content in sorted(args.contents.items())
        }
        self.register_outputs({"arns": self.arns})
