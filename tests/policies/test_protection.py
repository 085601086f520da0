"""What cannot be made again."""

from typing import Any

import pytest

from policies import protection
from policies.protection import PROTECTED_STATE, STATEFUL
from tests.policies.judging import Subject, complaints_of

KEPT: dict[str, dict[str, Any]] = {
    protection.BUCKET: {"forceDestroy": False},
    protection.TABLE: {"deletionProtectionEnabled": True, "pointInTimeRecovery": {"enabled": True}},
    protection.SECRET: {"recoveryWindowInDays": 30},
    protection.ATLAS_CLUSTER: {"terminationProtectionEnabled": True, "backupEnabled": True},
    protection.QDRANT_CLUSTER: {"deleteBackupsOnDestroy": False},
    protection.KEY: {},
    protection.DATABASE: {"deletionProtection": True},
    protection.FILE_SYSTEM: {},
}


@pytest.mark.parametrize("type_token", STATEFUL)
class TestInEveryStage:
    def test_protected_state_passes(self, type_token: str) -> None:
        assert complaints_of(PROTECTED_STATE, Subject(type=type_token, props=KEPT[type_token], protect=True)) == []

    def test_unprotected_state_is_rejected_in_prod(self, type_token: str) -> None:
        (complaint,) = complaints_of(PROTECTED_STATE, Subject(type=type_token, props=KEPT[type_token]))

        assert "set protect and retain_on_delete" in complaint

    def test_other_stages_may_be_taken_down(self, type_token: str) -> None:
        assert complaints_of(PROTECTED_STATE, Subject(type=type_token, stage="dev")) == []


@pytest.mark.parametrize(
    ("type_token", "props", "fix"),
    [
        (protection.BUCKET, {"forceDestroy": True}, "forceDestroy"),
        (protection.TABLE, {"deletionProtectionEnabled": False}, "deletionProtectionEnabled"),
        (protection.TABLE, {"pointInTimeRecovery": {"enabled": False}}, "pointInTimeRecovery"),
        (protection.SECRET, {"recoveryWindowInDays": 0}, "recoveryWindowInDays"),
        (protection.ATLAS_CLUSTER, {"terminationProtectionEnabled": False}, "terminationProtectionEnabled"),
        (protection.ATLAS_CLUSTER, {"backupEnabled": None}, "backupEnabled"),
        (protection.QDRANT_CLUSTER, {"deleteBackupsOnDestroy": True}, "deleteBackupsOnDestroy"),
        (protection.DATABASE, {"deletionProtection": None}, "deletionProtection"),
    ],
)
def test_a_resources_own_switch_counts(type_token: str, props: dict[str, Any], fix: str) -> None:
    subject = Subject(type=type_token, props={**KEPT[type_token], **props}, protect=True)
    (complaint,) = complaints_of(PROTECTED_STATE, subject)

    assert fix in complaint
