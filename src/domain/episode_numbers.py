"""The order of episodes."""

from decimal import Decimal

from models.ids import is_special


def number_order(number: str) -> tuple[str, Decimal]:
    """Sort key of canonical numbers: ``2`` before ``12.5``, and the regular ones before specials by letter."""
    prefix = number[0] if is_special(number) else ""
    return prefix, Decimal(number[len(prefix) :])
