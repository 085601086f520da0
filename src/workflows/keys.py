"""Names of the objects in the data bucket; the one place that spells them."""

import hashlib

ENRICHED_DATABASE = "processed/enriched_anime_database.json"
SOURCE_SHA_METADATA = "source-commit-sha"
"""User metadata of ``ENRICHED_DATABASE`` (``x-amz-meta-source-commit-sha``)."""

SYNC_STATE = "processed/sync-state.json"
UPLOADS = "work/uploads/"


def work(execution: str) -> str:
    """Everything temporary of one execution lies under this prefix."""
    return f"work/{execution}/"


def subject(execution: str) -> str:
    return f"{work(execution)}subject.json"


def proposal(execution: str) -> str:
    return f"{work(execution)}proposal.json"


def base_entry(execution: str) -> str:
    """The stored entry as it was when the execution began."""
    return f"{work(execution)}base.json"


def answer_page(execution: str, catalogue: str, cursor: str | None) -> str:
    """What a catalogue answered to one cursor, which may be long and hold anything: its hash stands for it."""
    name = "first" if cursor is None else hashlib.sha256(cursor.encode()).hexdigest()[:32]
    return f"{work(execution)}sources/{catalogue}/{name}.json"


def answers(execution: str, catalogue: str) -> str:
    """All pages of one catalogue together, once the last one is there."""
    return f"{work(execution)}sources/{catalogue}.json"


def stage(execution: str, name: str) -> str:
    return f"{work(execution)}stages/{name}.json"


def images(execution: str) -> str:
    """Where each image URL of the stages ended: a CDN URL or a failure."""
    return f"{work(execution)}images.json"


def proposed_entry(execution: str) -> str:
    return f"{work(execution)}entry.json"


def approved_entry(execution: str, sha256: str) -> str:
    return f"{work(execution)}approved-{sha256}.json"


def saga(anime_id: str, execution: str) -> str:
    return f"sagas/{anime_id}/{execution}.json"


def audit_copy(anime_id: str) -> str:
    return f"processed/updated-entries/{anime_id}.json"


def release(sha: str) -> str:
    return f"releases/{sha}.jsonl.zst"


def report(kind: str, run_id: str) -> str:
    return f"reports/{kind}/{run_id}.json"


def snapshot(time: str) -> str:
    return f"snapshots/{time}/"


def bulk_batch(run_id: str, number: int) -> str:
    return f"{work(run_id)}batches/{number:05d}.json"


def bulk_settled_batch(batch_key: str) -> str:
    """The batch with its images re-hosted, where the run wants that."""
    return batch_key.removesuffix(".json") + ".settled.json"


def bulk_batch_result(batch_key: str) -> str:
    return batch_key.removesuffix(".json") + ".result.json"


def bulk_manifest(run_id: str) -> str:
    return f"{work(run_id)}manifest.json"


def bulk_plan(run_id: str) -> str:
    """What the planner found out and the last state of the bulk machine needs: counts, release, SHA."""
    return f"{work(run_id)}plan.json"


def image(sha256: str, extension: str) -> str:
    return f"images/{sha256}.{extension}"
