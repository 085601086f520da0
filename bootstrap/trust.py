"""Who may act in a role: a job of the one repository, in one of the environments that the role is for.

GitHub signs for an environment only where its rules let the job run, so reviewers and allowed branches are the
environment's matter; a branch's name or a pull request alone opens nothing.
"""

import json
from collections.abc import Sequence
from typing import Final

from bootstrap.documents import Account
from bootstrap.names import ISSUER

AUDIENCE: Final = "sts.amazonaws.com"


def trusting(environments: Sequence[str], subject_prefix: str, account: Account) -> str:
    """Compared letter by letter: a pattern would let in whoever finds a name that fits."""
    subjects = [f"{subject_prefix}:environment:{environment}" for environment in environments]
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": account.issuer},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": subjects}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
