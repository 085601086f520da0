"""What cannot be made again is kept from deletion in prod.

The engine tells of ``protect`` and of the resource's own switches; ``retainOnDelete`` it keeps to itself.
"""

from collections.abc import Mapping
from typing import Any, Final

from pulumi_policy import ResourceValidationArgs

from policies.making import Complaints, resource_policy
from policies.reading import UNKNOWN, is_off, stage, value

KEPT_STAGES: Final = frozenset({"prod"})

BUCKET: Final = "aws:s3/bucket:Bucket"
TABLE: Final = "aws:dynamodb/table:Table"
SECRET: Final = "aws:secretsmanager/secret:Secret"  # noqa: S105 (a type's name)
ATLAS_CLUSTER: Final = "mongodbatlas:index/advancedCluster:AdvancedCluster"
QDRANT_CLUSTER: Final = "qdrant-cloud:index/accountsCluster:AccountsCluster"
KEY: Final = "aws:kms/key:Key"
DATABASE: Final = "aws:rds/instance:Instance"
FILE_SYSTEM: Final = "aws:efs/fileSystem:FileSystem"

STATEFUL: Final = (BUCKET, TABLE, SECRET, ATLAS_CLUSTER, QDRANT_CLUSTER, KEY, DATABASE, FILE_SYSTEM)


def unprotected(args: ResourceValidationArgs) -> Complaints:
    if stage(args) not in KEPT_STAGES:
        return
    if not args.opts.protect:
        yield "holds data that nothing brings back: set protect and retain_on_delete where the stack keeps its state"
    yield from _own_switches(args.resource_type, args.props)


def _own_switches(resource_type: str, props: Mapping[str, Any]) -> Complaints:
    if resource_type == BUCKET and value(props, "forceDestroy") in (True, "true"):
        yield "would be emptied to be deleted: set forceDestroy to false"
    if resource_type == TABLE:
        if is_off(props, "deletionProtectionEnabled"):
            yield "could be deleted by hand: set deletionProtectionEnabled to true"
        if is_off(props, "pointInTimeRecovery", "enabled"):
            yield "cannot be brought back after a wrong write: set pointInTimeRecovery.enabled to true"
    if resource_type == SECRET and value(props, "recoveryWindowInDays") == 0:
        yield "would be gone at once when deleted: leave recoveryWindowInDays out, or set 7 to 30"
    if resource_type == ATLAS_CLUSTER and is_off(props, "terminationProtectionEnabled"):
        yield "could be terminated by hand: set terminationProtectionEnabled to true"
    if resource_type == ATLAS_CLUSTER and is_off(props, "backupEnabled"):
        yield "has no backup: set backupEnabled to true"
    if resource_type == QDRANT_CLUSTER and value(props, "deleteBackupsOnDestroy") not in (None, False, UNKNOWN):
        yield "would take its backups with it: set deleteBackupsOnDestroy to false"
    if resource_type == DATABASE and is_off(props, "deletionProtection"):
        yield "could be deleted by hand: set deletionProtection to true"


PROTECTED_STATE: Final = resource_policy(
    "protected-state", "In prod, what holds data is protected from deletion.", unprotected, types=STATEFUL
)
