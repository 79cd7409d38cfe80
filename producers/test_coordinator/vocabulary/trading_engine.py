"""What can be injected into the trading engine."""

from typing import Final

from producers.test_coordinator.vocabulary.words import InjectionWord

INJECTIONS: Final[tuple[InjectionWord, ...]] = ()
