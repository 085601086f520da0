"""The explicit provider of Qdrant Cloud. Unlike the others it does not look into the environment by itself."""

import os
from typing import Final

import pulumi
import pulumi_qdrant_cloud as qdrant

API_KEY: Final = "QDRANT_CLOUD_API_KEY"
ACCOUNT_ID: Final = "QDRANT_CLOUD_ACCOUNT_ID"


def cloud_provider(name: str) -> qdrant.Provider:
    """With the credentials of the environment, else those of the stack's configuration (``qdrant-cloud:apiKey``,
    ``qdrant-cloud:accountId``).

    Without any it is made all the same, so that a plan needs no account; the first real request is then refused.
    """
    configured = pulumi.Config("qdrant-cloud")
    key = pulumi.Output.secret(os.environ[API_KEY]) if os.environ.get(API_KEY) else configured.get_secret("apiKey")
    if key is None and pulumi.runtime.is_dry_run():
        pulumi.log.warn(f"Qdrant Cloud will refuse every request: set {API_KEY} and {ACCOUNT_ID} in the environment")
    return qdrant.Provider(
        name,
        api_key=pulumi.Output.secret("") if key is None else key,
        account_id=os.environ.get(ACCOUNT_ID) or configured.get("accountId"),
    )
