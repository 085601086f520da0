"""Settings of this program, checked before anything is registered."""

import re
from dataclasses import dataclass

import pulumi

_REGION = re.compile(r"^[a-z]{2}(-[a-z]+)+-\d$")
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_PREFIX = re.compile(rf"^repo:{_NAME}(@\d+/{_NAME}@\d+|/{_NAME})$")


class SettingsError(Exception):
    """A setting is refused; the message names it, the harm and the fix."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """``subject_prefix`` is what every subject of the one trusted repository begins with.

    ``repo:<organisation>@<id>/<repository>@<id>``, or without the ids for a repository made before 2026-07-15.
    ``aws_region`` is where the stacks stand; rights to what has a region end there.
    """

    aws_region: str
    subject_prefix: str

    def __post_init__(self) -> None:
        if not _REGION.fullmatch(self.aws_region):
            raise SettingsError(
                f"awsRegion is {self.aws_region!r}, so the rights would be to resources that are nowhere: name the "
                "region of the stacks, such as eu-central-1"
            )
        if "*" in self.subject_prefix or "?" in self.subject_prefix:
            raise SettingsError(
                f"subjectPrefix is {self.subject_prefix!r}, so strangers' workflows would get in: name the one "
                "repository, without a wildcard"
            )
        if not _PREFIX.fullmatch(self.subject_prefix):
            raise SettingsError(
                f"subjectPrefix is {self.subject_prefix!r}, which no workflow has, so nobody would get in: write "
                "repo:ORGANISATION@ID/REPOSITORY@ID (repo:ORGANISATION/REPOSITORY for one made before 2026-07-15)"
            )


def read_settings() -> Settings:
    """Raises:
    SettingsError: a setting is missing or refused.
    """
    given = pulumi.Config()
    return Settings(aws_region=given.get("awsRegion") or "", subject_prefix=given.get("subjectPrefix") or "")
