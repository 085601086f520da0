"""Names of what this program makes.

They begin otherwise than those of the stacks (``anime-infra-``), so that no right to the stacks' roles is a right to
these.
"""

from typing import Final

PREFIX: Final = "anime-ci"
BOUNDARY: Final = f"{PREFIX}-boundary"
ISSUER: Final = "token.actions.githubusercontent.com"
