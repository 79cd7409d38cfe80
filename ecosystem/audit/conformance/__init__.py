"""Whether a risk monitor keeps the contract of `docs/bring-your-own-monitor.md`, pure."""
