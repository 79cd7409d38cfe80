"""The life of an order as the manual shows it, drawn from the table of transitions."""

from ecosystem.exchange.orders import NEXT


def state_diagram() -> str:
    """Return the table as a state diagram in Mermaid's language."""
    ends = sorted(set(NEXT.values()) - {status for status, _ in NEXT})
    lines = [
        "stateDiagram-v2",
        "  [*] --> SUBMITTED",
        *(f"  {before} --> {after}: {fact}" for (before, fact), after in NEXT.items()),
        *(f"  {end} --> [*]" for end in ends),
    ]
    return "\n".join(lines)


def transition_table() -> str:
    """Return the table of transitions in Markdown."""
    rows = (f"| {before} | {fact} | {after} |" for (before, fact), after in NEXT.items())
    return "\n".join(["| status | fact | then |", "|---|---|---|", *rows])
