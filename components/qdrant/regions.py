"""Where Qdrant Cloud has clusters."""

from typing import Final

REGIONS: Final = frozenset(
    {
        "us-east-1",
        "us-west-1",
        "us-west-2",
        "ap-northeast-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-south-1",
        "eu-central-1",
        "eu-west-1",
        "eu-west-2",
    }
)
"""Of AWS, where Qdrant Cloud runs clusters."""
