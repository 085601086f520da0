"""``anime cost``: what a stack costs in a month, from what its program registers and list prices."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.context import Options, options, project_root, reporting
from cli.errors import CommandError, UsageError

if TYPE_CHECKING:
    from local.costs import Estimate

_LOCAL_STACKS = frozenset({"local", "demo"})
_NOT_CONFIRMED = "?"


@reporting
def cost(
    context: typer.Context,
    assumptions: Annotated[
        bool, typer.Option("--assumptions", help="Also show how much use the estimate is made for, and why.")
    ] = False,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Try a setting of the stack, as in Pulumi.*.yaml."),
    ] = None,
) -> None:
    """Estimate what a stack costs in a month; fails above its monthlyBudgetUsd. Needs no account."""
    from local.errors import LocalStackError

    chosen = options(context)
    if chosen.stack in _LOCAL_STACKS:
        raise UsageError("a local stack costs nothing; name one in the cloud, such as --stack dev")
    try:
        found = _estimate(chosen.stack, values or [])
    except LocalStackError as error:
        raise CommandError(str(error)) from None
    chosen.out.result({**found.as_json, "assumptions": _assumptions()})
    _show(chosen, found, with_assumptions=assumptions)
    if found.above_budget:
        raise CommandError(_above(found))


def _estimate(stack: str, pairs: list[str]) -> "Estimate":
    from local.configuration import read_configuration
    from local.costs import estimate, settings_of
    from local.plan import values_of
    from local.program import record_program

    root, overrides = project_root(), values_of(pairs)
    configuration = read_configuration(root, stack).with_values(overrides)
    return estimate(record_program(stack=stack, overrides=overrides, root=root), settings_of(configuration))


def _show(chosen: Options, found: "Estimate", *, with_assumptions: bool) -> None:
    out = chosen.out
    rows = [
        (
            item.what,
            f"{item.quantity:>14,.2f}",
            item.price.per,
            f"{_amount(item.price.usd):>14}{'' if item.price.confirmed else ' ' + _NOT_CONFIRMED}",
            f"{item.usd:>9.2f}",
            item.basis.value,
        )
        for item in found.items
    ]
    title = f"A month of {found.stack}, at list prices of {found.as_json['prices_of']}"
    out.table(title, ("what", "quantity", "of", "USD each", "USD", "for"), rows)
    out.text(f"{found.usd:.2f} USD a month, {found.idle_usd:.2f} of it while nobody uses the stack{_of_budget(found)}")
    if found.region != found.as_json["prices_of"]:
        out.text(f"the stack stands in {found.region}, whose prices differ")
    if found.unconfirmed:
        out.text(f"{_NOT_CONFIRMED}: not confirmed for this region; the note beside its source says what it is")
    prices = {item.price_name: item.price for item in found.items}
    sources = [(name, price.read, price.page, price.note) for name, price in sorted(prices.items())]
    out.table("Where the prices are from", ("price", "read", "page", "note"), sources)
    if with_assumptions:
        assumed = [(name, f"{one['value']:,g}", one["unit"], one["reason"]) for name, one in _assumptions().items()]
        out.table("How much use this is made for, in a month", ("what", "", "", "why"), assumed)


def _of_budget(found: "Estimate") -> str:
    budget = found.settings.budget_usd
    return "; no monthlyBudgetUsd is set" if budget is None else f"; monthlyBudgetUsd is {budget:g}"


def _above(found: "Estimate") -> str:
    largest = ", ".join(f"{item.what} {item.usd:.2f}" for item in found.largest)
    settings = list(dict.fromkeys(name for item in found.largest for name in item.settings))
    return (
        f"{found.usd:.2f} USD a month is above the budget of {found.settings.budget_usd:g}. Most of it: {largest}. "
        f"Change {', '.join(settings)}, or raise monthlyBudgetUsd"
    )


def _assumptions() -> dict[str, dict[str, object]]:
    from local.costs_usage import ASSUMPTIONS

    return {
        name: {"value": one.value, "unit": one.unit, "reason": one.reason} for name, one in sorted(ASSUMPTIONS.items())
    }


def _amount(usd: float) -> str:
    """Without an exponent, however small."""
    text = f"{usd:.10f}".rstrip("0")
    return text + "0" * max(0, 2 - len(text.partition(".")[2]))
