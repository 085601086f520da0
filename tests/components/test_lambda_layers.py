"""Layers are published under the stack's name, for the functions' own runtime, and renewed by another digest."""

import base64
from pathlib import Path
from textwrap import dedent

import pulumi
import pytest

from components.aws.lambda_layers import LayerContent, LayersArgs
from local.program import record_program
from local.recording import Recording

VERSION = "aws:lambda/layerVersion:LayerVersion"
DIGESTS = {"base": "0" * 64, "images": "f" * 64}


def record(root: Path, **digests: str) -> Recording:
    (root / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (root / "Pulumi.dev.yaml").write_text("config: {}")
    (root / "__main__.py").write_text(
        dedent(f"""
        import pulumi
        from components.aws.lambda_layers import LayerContent, Layers, LayersArgs
        contents = {{
            name: LayerContent(archive=pulumi.FileArchive(f"build/layers/{{name}}.zip"), digest=digest)
            for name, digest in {digests!r}.items()
        }}
        layers = Layers("layers", LayersArgs(name_prefix="shop-dev", contents=contents))
        pulumi.export("arns", layers.arns)
        """)
    )
    return record_program(stack="dev", root=root)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return record(tmp_path, **DIGESTS)


def test_each_layer_is_a_child_with_a_name_of_the_stack(recording: Recording) -> None:
    component = recording.named("layers")
    children = recording.children(component)

    assert {child.name: child.inputs["layerName"] for child in children} == {
        "layers-base": "shop-dev-base",
        "layers-images": "shop-dev-images",
    }
    assert {child.type for child in children} == {VERSION}
    assert component.output_registrations == 1


def test_a_layer_is_for_the_functions_runtime_and_processor(recording: Recording) -> None:
    for layer in recording.of_type(VERSION):
        assert layer.inputs["compatibleRuntimes"] == ["python3.13"]
        assert layer.inputs["compatibleArchitectures"] == ["arm64"]


def test_the_hash_is_of_what_the_layer_is_made_of(recording: Recording) -> None:
    hashes = {layer.name: layer.inputs["sourceCodeHash"] for layer in recording.of_type(VERSION)}

    assert hashes == {f"layers-{n}": base64.b64encode(bytes.fromhex(d)).decode() for n, d in DIGESTS.items()}


def test_an_old_version_is_deleted_when_the_new_one_is_in_use(recording: Recording) -> None:
    """The engine creates before it deletes, unless it is told otherwise."""
    for layer in recording.of_type(VERSION):
        assert not layer.options.delete_before_replace
        assert not layer.options.retain_on_delete
        assert "skipDestroy" not in layer.inputs


def test_functions_are_given_versions_by_the_layers_own_name(recording: Recording) -> None:
    component = recording.named("layers")

    assert recording.exports["arns"] == component.outputs["arns"]
    assert recording.exports["arns"] == {
        layer.inputs["layerName"].removeprefix("shop-dev-"): layer.outputs["arn"]
        for layer in recording.of_type(VERSION)
    }


@pytest.mark.parametrize("digest", ["", "0" * 63, "G" * 64, "0" * 64 + "\n"])
def test_a_digest_that_would_renew_nothing_is_refused(digest: str) -> None:
    with pytest.raises(ValueError, match="would not be renewed"):
        LayerContent(archive=pulumi.FileArchive("layer.zip"), digest=digest)


@pytest.mark.parametrize("name", ["other people's", "a" * 140])
def test_a_name_that_lambda_refuses_is_refused_here(name: str) -> None:
    content = LayerContent(archive=pulumi.FileArchive("layer.zip"), digest="0" * 64)

    with pytest.raises(ValueError, match="is no name for a layer"):
        LayersArgs(name_prefix="anime-infra-dev", contents={name: content})
