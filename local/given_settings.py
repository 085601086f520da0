"""Settings given on the command line, judged by the program's own rules before anything is started for it.

The program is run, not imported: its settings are looked up where it stands, and one without any judges nothing.
"""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local.configuration import read_configuration
from local.program import EXAMPLE_LOCAL_VALUES, make_importable

_SETTINGS: Final = "components.settings"


def refused(values: Mapping[str, str | None], *, name: str, root: Path) -> list[str]:
    """``KEY: harm. Fix.`` of each given value that the program would refuse; those of the stack's file it judges
    itself.

    Raises:
        ProgramFailed: there is no such project or stack.
    """
    if not values or not (root / f"{_SETTINGS.replace('.', '/')}.py").is_file():
        return []
    make_importable(root)
    settings = importlib.import_module(_SETTINGS)
    given = read_configuration(root, name).with_values(EXAMPLE_LOCAL_VALUES).with_values(values)
    prefix = f"{given.project}:"
    own = {key.removeprefix(prefix): value for key, value in given.values.items() if key.startswith(prefix)}
    try:
        settings.parse_settings(own, stack=name)
    except settings.SettingsError as error:
        told = [line.strip().removeprefix(prefix) for line in str(error).splitlines()]
        return [line for line in told if line.partition(":")[0] in {key.removeprefix(prefix) for key in values}]
    return []
