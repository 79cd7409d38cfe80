"""Access proven by trying: what each principal can do, with its real credentials.

Every principal tries every topic and every group; what the broker answers is held against what
the catalogue declares. How each cell is tried:

read      a fetch at the end of partition 0, answered by a record or by the end of the partition.
write     a record. In a namespace made for the check it is really appended. In a live namespace
          it is larger than the topic's `max.message.bytes`: the broker looks at the principal's
          rights first and at the size afterwards, so "too large" proves the right to write, and
          nothing is left behind.
list      whether the topic stands in the list of all topics: a denied topic must be invisible.
describe  metadata of the topic, asked for by its name.
use       (groups) a commit of an offset of a topic that does not exist. The broker looks at the
          right to the group first and then refuses the topic: members are not disturbed and no
          offset is left behind.
fence     (transactional ids) initialising transactions, which throws out a producer that runs
          under the id; so only in a namespace made for the check.
"""

import secrets as chance
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Final

import msgspec

from eventlog.access.attempts import Attempts, Outcome
from eventlog.access.cluster import Cluster
from eventlog.access.credentials import connection_for
from eventlog.access.prepare import drop_namespace, prepare_namespace
from eventlog.catalogue.model import Catalogue
from eventlog.catalogue.namespace import Namespace
from eventlog.connection import Connection
from eventlog.secret_store import SecretStore

WORKERS: Final = 4


class Action(StrEnum):
    """What a principal tries."""

    READ = "read"
    WRITE = "write"
    LIST = "list"
    DESCRIBE = "describe"
    USE = "use"
    FENCE = "fence"


TOPIC_ACTIONS: Final = (Action.READ, Action.WRITE, Action.LIST, Action.DESCRIBE)


class Cell(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One thing that a principal may or may not do, by logical name."""

    principal: str
    action: Action
    name: str
    """A topic, a group for `use`, a transactional id for `fence`."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One cell, as declared and as observed; `observed` is None where the broker did not say."""

    cell: Cell
    declared: bool
    observed: bool | None
    answer: str

    @property
    def differs(self) -> bool:
        """Whether the broker does other than the catalogue says, or gave no answer."""
        return self.observed is not self.declared

    def __str__(self) -> str:
        words = {True: "allowed", False: "denied", None: "unanswered"}
        return (
            f"{self.cell.principal} {self.cell.action} {self.cell.name}:"
            f" {words[self.declared]} by the catalogue, {words[self.observed]} by the broker"
            f" ({self.answer})"
        )


class AccessReport(msgspec.Struct, frozen=True, kw_only=True):
    """Every cell of the matrix, in the order of the catalogue."""

    namespace: str
    findings: tuple[Finding, ...]

    def differences(self) -> tuple[Finding, ...]:
        """Return the cells where broker and catalogue disagree."""
        return tuple(finding for finding in self.findings if finding.differs)


def declared_cells(catalogue: Catalogue, *, live: bool) -> dict[Cell, bool]:
    """Return every cell and whether the catalogue allows it."""
    cells = {}
    groups = [group for who in catalogue.principals for group in catalogue.groups(who)]
    ids = [who.transactional_id for who in catalogue.principals.values() if who.transactional_id]
    for principal, who in catalogue.principals.items():
        allowed: Mapping[Action, Iterable[str]] = {
            Action.READ: catalogue.readable(principal),
            Action.WRITE: catalogue.writable(principal),
            Action.LIST: catalogue.visible(principal),
            Action.DESCRIBE: catalogue.visible(principal),
            Action.USE: catalogue.groups(principal),
            Action.FENCE: (who.transactional_id,) if who.transactional_id else (),
        }
        wanted = [(action, name) for name in catalogue.topics for action in TOPIC_ACTIONS]
        wanted += [(Action.USE, group) for group in groups]
        wanted += [(Action.FENCE, name) for name in ids if not live]
        for action, name in wanted:
            cell = Cell(principal=principal, action=action, name=name)
            cells[cell] = name in allowed[action]
    return cells


def check_live(
    admin: Connection, catalogue: Catalogue, namespace: Namespace, secrets: SecretStore
) -> AccessReport:
    """Return what each principal can do in a namespace that is in use; leaves nothing behind."""
    sizes = Cluster(admin).record_bytes_max(map(namespace.topic, catalogue.topics))
    return _check(admin, catalogue, namespace, secrets, sizes)


def check_in_scratch(admin: Connection, catalogue: Catalogue, secrets: SecretStore) -> AccessReport:
    """Return what each principal can do in a namespace made for the check and dropped again."""
    namespace = Namespace(f"access-check-{chance.token_hex(4)}")
    try:
        prepare_namespace(admin, catalogue, namespace, secrets)
        return _check(admin, catalogue, namespace, secrets, None)
    finally:
        drop_namespace(admin, namespace)


def _check(
    admin: Connection,
    catalogue: Catalogue,
    namespace: Namespace,
    secrets: SecretStore,
    sizes: Mapping[str, int] | None,
) -> AccessReport:
    declared = declared_cells(catalogue, live=sizes is not None)

    def of(principal: str) -> dict[Cell, Outcome]:
        connection = connection_for(principal, admin.bootstrap_servers, secrets)
        cells = [cell for cell in declared if cell.principal == principal]
        return _observe(Attempts(connection, sizes), namespace, cells)

    observed: dict[Cell, Outcome] = {}
    with ThreadPoolExecutor(WORKERS) as pool:
        for part in pool.map(of, catalogue.principals):
            observed |= part
    return AccessReport(
        namespace=namespace.name,
        findings=tuple(
            Finding(
                cell=cell,
                declared=allowed,
                observed=observed[cell].allowed,
                answer=observed[cell].answer,
            )
            for cell, allowed in declared.items()
        ),
    )


def _observe(
    attempts: Attempts, namespace: Namespace, cells: Iterable[Cell]
) -> dict[Cell, Outcome]:
    names: dict[Action, dict[str, Cell]] = {action: {} for action in Action}
    for cell in cells:
        names[cell.action][namespace.topic(cell.name)] = cell
    absent = namespace.topic(f"absent-{chance.token_hex(4)}")
    outcomes = {
        Action.LIST: attempts.list_all(names[Action.LIST]),
        Action.DESCRIBE: attempts.describe(names[Action.DESCRIBE]),
        Action.WRITE: attempts.write(names[Action.WRITE]),
        Action.READ: attempts.read(names[Action.READ]),
        Action.USE: attempts.use_groups(names[Action.USE], absent),
        Action.FENCE: attempts.fence(names[Action.FENCE]),
    }
    return {
        cell: outcomes[action][name] for action in Action for name, cell in names[action].items()
    }
