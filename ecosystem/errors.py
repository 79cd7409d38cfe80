"""The errors of the core, as a tree.

EcosystemError
  IllegalTransitionError   a fact arrived that the state does not allow: a bug or a corrupt log
  InvalidInputError        a value outside what is allowed; says what was found and where
    CalendarEndedError     a day that no published calendar of holidays reaches
"""


class EcosystemError(Exception):
    """Every error this project raises on purpose."""

    retryable = False


class IllegalTransitionError(EcosystemError):
    """A fact arrived that the state does not allow: a bug, or a corrupt log."""


class InvalidInputError(EcosystemError):
    """A value outside what is allowed; says what was found, what is allowed and where."""


class CalendarEndedError(InvalidInputError):
    """A day that no published calendar of holidays reaches."""
