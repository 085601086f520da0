"""Signing in to ElastiCache by IAM: the password is a request that the role signs, good for a quarter of an hour."""

import threading
from datetime import datetime, timedelta
from typing import Final

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from redis.credentials import CredentialProvider
from redis.exceptions import AuthenticationError

from models.errors import BadInput
from workflows.ports import Clock

TOKEN_LIFE: Final = timedelta(minutes=15)
"""As long as ElastiCache takes a token: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html."""

RENEWAL: Final = timedelta(minutes=10)
"""A token is used for new connections up to this age; one that is open outlives its token, up to 12 hours."""

_SCHEME: Final = "http://"


class IamSignIn(CredentialProvider):
    """``user`` is the id of a user of ElastiCache, ``cluster`` that of the replication group; both in lower case, as
    ElastiCache keeps them. ``clock`` is the wall clock: it goes on while a function is frozen, and so does the token's
    life.
    """

    def __init__(self, *, user: str, cluster: str, region: str, credentials: Credentials | None, clock: Clock) -> None:
        """Raises:
        BadInput: there are no credentials to sign with.
        """
        if credentials is None:
            raise BadInput("no AWS credentials to sign in to the cache with; give the function a role")
        self._user = user
        self._cluster = cluster
        self._region = region
        self._credentials = credentials
        self._clock = clock
        self._signing = threading.Lock()
        self._signed: tuple[datetime, str] | None = None

    def get_credentials(self) -> tuple[str, str]:
        """For each new connection.

        Raises:
            AuthenticationError: the role's credentials could not be had. One of redis, so that its connection is
                closed and the cache translates it like any other failure to connect.
        """
        with self._signing:
            now = self._clock()
            if self._signed is None or now - self._signed[0] >= RENEWAL:
                self._signed = now, self._sign()
            return self._user, self._signed[1]

    def _sign(self) -> str:
        request = AWSRequest(
            method="GET", url=f"{_SCHEME}{self._cluster}/", params={"Action": "connect", "User": self._user}
        )
        try:
            frozen = self._credentials.get_frozen_credentials()
            signer = SigV4QueryAuth(frozen, "elasticache", self._region, expires=int(TOKEN_LIFE.total_seconds()))
            signer.add_auth(request)
        except BotoCoreError as error:
            raise AuthenticationError(f"signing in to the cache: {type(error).__name__}") from None
        return str(request.url).removeprefix(_SCHEME)
