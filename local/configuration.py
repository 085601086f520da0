"""The Pulumi project and its stack configuration, read from the repository's own YAML files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from local.errors import ProgramFailed

REPOSITORY: Final = Path(__file__).resolve().parent.parent

LOCAL_CONFIGURATION: Final = "local"
"""Stacks without a file of their own (the demo's, those of tests) use the local stack's."""

DEFAULT_REGION: Final = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """``values`` by full key (``project:name``), as text the way Pulumi passes them. ``secrets`` are the keys that the
    file holds encrypted; they have no value until somebody gives one."""

    project: str
    stack: str
    values: Mapping[str, str]
    secrets: frozenset[str]

    @property
    def unreadable(self) -> frozenset[str]:
        return self.secrets - self.values.keys()

    @property
    def region(self) -> str:
        return self.values.get(f"{self.project}:awsRegion") or self.values.get("aws:region") or DEFAULT_REGION

    def with_values(self, values: Mapping[str, str | None]) -> "Configuration":
        """Short names get the project's prefix; None takes a value away."""
        given = {name if ":" in name else f"{self.project}:{name}": value for name, value in values.items()}
        merged = {**self.values, **given}
        return Configuration(
            project=self.project,
            stack=self.stack,
            values={name: value for name, value in merged.items() if value is not None},
            secrets=self.secrets,
        )


def read_configuration(root: Path, stack: str) -> Configuration:
    """Raises:
    ProgramFailed: the project file, or a file for the stack, is missing or not understood.
    """
    project_file = _load(root / "Pulumi.yaml")
    project = project_file.get("name")
    if not isinstance(project, str):
        raise ProgramFailed(f"{root / 'Pulumi.yaml'} has no name")
    own = root / f"Pulumi.{stack}.yaml"
    stack_file = _load(own if own.exists() else root / f"Pulumi.{LOCAL_CONFIGURATION}.yaml")
    values: dict[str, str] = {}
    secrets: set[str] = set()
    for name, value in {**_project_defaults(project_file), **(stack_file.get("config") or {})}.items():
        key = name if ":" in name else f"{project}:{name}"
        if isinstance(value, Mapping) and set(value) == {"secure"}:
            secrets.add(key)
        else:
            values[key] = _as_text(value)
    return Configuration(project=project, stack=stack, values=values, secrets=frozenset(secrets))


def _load(path: Path) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise ProgramFailed(f"{path} does not exist") from None
    except yaml.YAMLError as error:
        raise ProgramFailed(f"{path} is not valid YAML: {error}") from None
    if not isinstance(loaded, dict):
        raise ProgramFailed(f"{path} is not a YAML mapping")
    return loaded


def _project_defaults(project_file: Mapping[str, Any]) -> dict[str, Any]:
    """Of ``config:`` in Pulumi.yaml, where an entry is a value, or a mapping with ``default`` or ``value``."""
    defaults = {}
    for name, entry in (project_file.get("config") or {}).items():
        if not isinstance(entry, Mapping):
            defaults[name] = entry
        elif "default" in entry or "value" in entry:
            defaults[name] = entry.get("value", entry.get("default"))
    return defaults


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
