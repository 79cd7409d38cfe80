"""The catalogue of rules as the manual shows it, drawn from the registry."""

from ecosystem.risk.rules.registry import RULES


def rule_catalogue() -> str:
    """Return the rules in Markdown, in the order in which they are judged."""
    return "\n\n".join(
        "\n".join(
            (
                f"### `{kind.name}`",
                "",
                f"{kind.title}.",
                "",
                f"- Watches {kind.watches}.",
                f"- Limit: {kind.limit}; measured in {kind.unit}.",
                f"- Clears {kind.clears}.",
                f"- Names {kind.inputs}.",
                f"- Version {kind.rule.version}.",
            )
        )
        for kind in RULES.values()
    )
