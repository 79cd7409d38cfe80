"""How a venue opens: accounts, their deposits, and the word that it is up."""

from collections.abc import Mapping

from ecosystem.events.words import AccountKind
from ecosystem.exchange.answers import Answers
from ecosystem.exchange.balance_facts import deposited
from ecosystem.exchange.margin.facts import opened
from ecosystem.exchange.venue_facts import status_changed
from ecosystem.firm import FIRM


class Opening:
    """What a venue begins with.

    Args:
        balances_e8: by account and asset.
        kinds: of the accounts; SPOT where it does not say.
        masters: whose sub-accounts they are; the firm's where it does not say.
    """

    __slots__ = ("_balances_e8", "_kinds", "_masters")

    def __init__(
        self,
        balances_e8: Mapping[str, Mapping[str, int]],
        kinds: Mapping[str, AccountKind],
        masters: Mapping[str, str],
    ) -> None:
        self._balances_e8 = balances_e8
        self._kinds = kinds
        self._masters = masters

    def open(self, answers: Answers) -> None:
        """Open the venue; what reached the log before a crash is not done again."""
        self._open_accounts(answers)
        accounts = answers.state.accounts
        for account, holdings_e8 in self._balances_e8.items():
            for asset, amount_e8 in holdings_e8.items():
                if not accounts.balance(account, asset).changes:
                    deposited(answers, account, asset, amount_e8)
        status_changed(answers, "UP", "opened")

    def _open_accounts(self, answers: Answers) -> None:
        # Masters come first.
        accounts = {name: self._masters.get(name, FIRM) for name in sorted(self._balances_e8)}
        masters = {master: master for master in accounts.values()}
        for name, master in (masters | accounts).items():
            if name not in answers.state.sub_accounts:
                opened(answers, name, master, self._kinds.get(name, "SPOT"))
