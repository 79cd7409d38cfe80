"""What a process of one principal needs to know of the catalogue, and nothing more.

A restricted process is handed this file instead of `topics.yaml`: what is not in it, the process
cannot even name. Reading it takes msgspec alone.
"""

from pathlib import Path

import msgspec

from eventlog.catalogue.model import Catalogue
from eventlog.errors import CatalogueError


class TopicView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One topic as a process sees it, by logical name."""

    name: str
    key: str
    partitions: int
    events: tuple[str, ...] = ()


class PrincipalView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One principal's part of the catalogue, by logical name."""

    principal: str
    topics: tuple[TopicView, ...]
    """The topics it may see, and no others."""
    subscription: tuple[str, ...] = ()
    rebuilds_from: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()
    steward_of: tuple[str, ...] = ()
    """The topics whose undecodable records it puts into the dead letters."""
    group: str | None = None
    stream_app: str | None = None
    transactional_id: str | None = None

    def topic(self, name: str) -> TopicView:
        """Return a topic.

        Raises:
            CatalogueError: the principal does not see one of this name.
        """
        for topic in self.topics:
            if topic.name == name:
                return topic
        names = ", ".join(topic.name for topic in self.topics)
        raise CatalogueError(f"topic {name!r}: unknown to {self.principal}; {names} are allowed")

    def to_json(self) -> str:
        """Return the view as the text that `load_exported` reads."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n"


def view_of(catalogue: Catalogue, principal: str) -> PrincipalView:
    """Return what `principal` needs to know.

    Raises:
        CatalogueError: there is no such principal.
    """
    who = catalogue.principal(principal)
    return PrincipalView(
        principal=principal,
        topics=tuple(
            TopicView(
                name=topic.name,
                key=topic.key,
                partitions=topic.partitions,
                events=topic.events,
            )
            for topic in map(catalogue.topic, catalogue.visible(principal))
        ),
        subscription=catalogue.subscription(principal),
        rebuilds_from=who.rebuilds_from,
        produces=who.produces,
        steward_of=tuple(
            topic.name for topic in catalogue.topics.values() if topic.steward == principal
        ),
        group=who.group,
        stream_app=who.stream_app,
        transactional_id=who.transactional_id,
    )


def load_exported(path: Path) -> PrincipalView:
    """Return the view that `tse topics export --principal` has written.

    Raises:
        CatalogueError: the file cannot be read or is not such a view.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=PrincipalView)
    except OSError as error:
        raise CatalogueError(f"{path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise CatalogueError(
            f"{path}: {error}; a file of `tse topics export --principal` is allowed"
        ) from error
