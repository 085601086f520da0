"""The written list of resources names only kinds and outputs that the SDK has."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi_aws
import pytest
from pulumi.runtime import rpc

from local.errors import ResourceFailed
from local.resources.emulated import CREATORS
from local.resources.made_up import SHAPES, Shape, make_up, physical_name
from local.resources.request import Request

GETTER = re.compile(r"@pulumi\.getter(?:\(name=\"(?P<given>\w+)\"\))?\n.*?    def (?P<own>\w+)\(", re.DOTALL)


def sdk_classes() -> dict[str, tuple[str, str]]:
    """The module (such as ``ec2/vpc``) and the class of every kind of resource."""
    modules: Mapping[str, Any] = rpc._RESOURCE_MODULES
    return {
        token: (module.mod_info["mod"], name)
        for versions in modules.values()
        for module in versions
        for token, name in module.mod_info["classes"].items()
        if module.mod_info["pkg"] == "aws"
    }


def properties(module: str, name: str) -> set[str]:
    """By the source: importing all of these packages takes many seconds."""
    folder, _, stem = module.partition("/")
    file = re.sub(r"([A-Z]+)", lambda found: f"_{found[1].lower()}", stem) + ".py"
    package = {"lambda": "lambda_"}.get(folder, folder)
    assert pulumi_aws.__file__ is not None
    source = (Path(pulumi_aws.__file__).parent / package / file).read_text()
    body = source.partition(f"\nclass {name}(")[2]
    return {found["given"] or found["own"] for found in GETTER.finditer(body)}


def test_every_kind_and_output_of_aws_exists_in_the_sdk() -> None:
    classes = sdk_classes()
    wrong = []
    for token, shape in SHAPES.items():
        if not token.startswith("aws:"):
            continue
        assert token in classes, f"{token} is no resource of pulumi_aws"
        given = set(shape.outputs) | ({shape.name} if shape.named else set())
        wrong += [f"{token}: {name}" for name in given - properties(*classes[token])]
    assert wrong == []


def test_what_is_really_created_is_on_the_list() -> None:
    assert CREATORS.keys() <= SHAPES.keys()


def test_the_physical_name_is_the_given_one_else_the_logical_one() -> None:
    shape = Shape(name="bucket")
    assert physical_name(shape, Request(type="t", name="data", inputs={"bucket": "shop-data"})) == "shop-data"
    assert physical_name(shape, Request(type="t", name="data", inputs={})) == "data"


def test_a_template_over_an_input_that_is_not_given_is_an_error_that_names_it() -> None:
    request = Request(type="aws:sqs/queuePolicy:QueuePolicy", name="p", inputs={})
    with pytest.raises(ResourceFailed, match="'p' has no input queueUrl"):
        make_up(SHAPES[request.type], request, account="1", region="us-east-1")


def test_real_outputs_stand_above_made_up_ones_also_in_the_id() -> None:
    request = Request(type="aws:sqs/queue:Queue", name="q", inputs={})
    made = make_up(SHAPES[request.type], request, account="1", region="us-east-1", real={"url": "http://here/q"})
    assert made.id == "http://here/q"
    assert made.outputs["arn"] == "arn:aws:sqs:us-east-1:1:q"
