"""What must hold between the entries of a catalogue."""

import re
from collections.abc import Mapping
from typing import Final

from eventlog.catalogue.model import Catalogue, Plane, Principal
from eventlog.catalogue.namespace import NAME_LENGTH_MAX, NAME_RULE, is_name
from eventlog.catalogue.yaml_nodes import Fields, unknown

DEAD_LETTERS: Final = "dead-letters"
RESERVED_PRINCIPALS: Final = ("admin", "anonymous")
"""The broker's own superusers; ACLs say nothing to them."""
_EVENT_NAME: Final = re.compile(r"[A-Z][A-Za-z0-9]*", re.ASCII)


def check_topics(catalogue: Catalogue, fields: Mapping[str, Fields]) -> None:
    """Report badly named topics, internal ones without owner, stewards who cannot do their work."""
    for name, topic in catalogue.topics.items():
        at = fields[name]
        _check_name(at, at.what, name, at.line)
        if topic.replication < int(topic.config.get("min.insync.replicas", "1")):
            at.mistakes.add(
                at.line,
                f"{at.what}: min.insync.replicas {topic.config['min.insync.replicas']} found;"
                f" at most the replication {topic.replication} is allowed",
            )
        if "internal" in at.entries:
            _check_internal(catalogue, name, at)
        else:
            _check_shared(catalogue, name, at)


def _check_internal(catalogue: Catalogue, name: str, at: Fields) -> None:
    owner = catalogue.topics[name].internal
    for key in ("events", "steward"):
        if key in at.entries:
            at.mistakes.add(at.line_at(key), f"{at.what}: {key} found; an internal topic has none")
    if owner is None:
        return
    line = at.line_at("internal")
    if owner not in catalogue.principals:
        at.mistakes.add(line, f"{at.what}: {unknown('principal', owner, catalogue.principals)}")
        return
    app = catalogue.principals[owner].stream_app
    if app is None:
        at.mistakes.add(
            line, f"{at.what}: owner {owner!r} found; a principal with a stream_app is allowed"
        )
    elif not name.startswith(f"{app}-"):
        # Faust derives the names of its topics from its application id.
        at.mistakes.add(
            at.line, f"{at.what}: a name that begins with {app + '-'!r} is allowed, its owner's"
        )


def _check_shared(catalogue: Catalogue, name: str, at: Fields) -> None:
    topic = catalogue.topics[name]
    if "events" not in at.entries:
        at.mistakes.add(
            at.line, f"{at.what}: events is missing; a list of events, or internal, is allowed"
        )
    if "steward" not in at.entries:
        at.mistakes.add(at.line, f"{at.what}: steward is missing; a principal is allowed")
    steward = topic.steward
    if steward is None:
        return
    line = at.line_at("steward")
    if steward not in catalogue.principals:
        at.mistakes.add(line, f"{at.what}: {unknown('steward', steward, catalogue.principals)}")
        return
    if name not in catalogue.readable(steward):
        at.mistakes.add(line, f"{at.what}: steward {steward!r} may not read the topic")
    if DEAD_LETTERS not in catalogue.principals[steward].produces:
        at.mistakes.add(line, f"{at.what}: steward {steward!r} does not produce {DEAD_LETTERS}")


def check_events(
    catalogue: Catalogue, fields: Mapping[str, Fields], known: Mapping[str, str] | None
) -> None:
    """Report events badly written, unknown, on the wrong plane, or carried by two topics."""
    carriers: dict[str, str] = {}
    for name, topic in catalogue.topics.items():
        at = fields[name]
        lines = _lines(at, "events") if topic.events else {}
        for event in topic.events:
            line = lines[event]
            if _EVENT_NAME.fullmatch(event) is None:
                at.mistakes.add(line, f"{at.what}: event {event!r} found; CamelCase is allowed")
            elif known is not None and event not in known:
                at.mistakes.add(line, f"{at.what}: {unknown('event', event, sorted(known))}")
            elif known is not None and known[event] != topic.plane:
                at.mistakes.add(
                    line,
                    f"{at.what}: event {event!r} of plane {known[event]} found;"
                    f" events of the topic's plane {topic.plane} are allowed",
                )
            if event in carriers:
                at.mistakes.add(
                    line,
                    f"{at.what}: event {event!r} belongs to topic {carriers[event]!r} already;"
                    " one topic is allowed",
                )
            carriers.setdefault(event, name)


def check_identities(catalogue: Catalogue, fields: Mapping[str, Fields]) -> None:
    """Report badly named principals, and groups or ids that two of them would share."""
    groups: dict[str, str] = {}
    transactional_ids: dict[str, str] = {}
    for name, who in catalogue.principals.items():
        at = fields[name]
        _check_name(at, at.what, name, at.line)
        if name in RESERVED_PRINCIPALS:
            at.mistakes.add(at.line, f"{at.what}: the broker's own name; another is allowed")
        for key, value, taken in (
            ("group", who.group, groups),
            ("stream_app", who.stream_app, groups),
            ("transactional_id", who.transactional_id, transactional_ids),
        ):
            if value is None:
                continue
            line = at.line_at(key)
            _check_name(at, f"{at.what}.{key}", value, line)
            if value in taken:
                at.mistakes.add(
                    line,
                    f"{at.what}.{key}: {value!r} is taken by principal {taken[value]};"
                    " one of its own is allowed",
                )
            taken.setdefault(value, name)


def check_grants(catalogue: Catalogue, fields: Mapping[str, Fields]) -> None:
    """Report prefixes that reach too far, grants on internal topics, and restricted principals
    that would get more than exact topics of the production plane.
    """
    for name, who in catalogue.principals.items():
        at = fields[name]
        _check_prefixes(catalogue, who, at)
        for key, topics in _granted(who):
            lines = _lines(at, key)
            for topic in topics:
                line = lines.get(topic, at.line_at(key))
                owner = catalogue.topics[topic].internal
                if owner is not None:
                    at.mistakes.add(
                        line,
                        f"{at.what}.{key}: topic {topic!r} is internal to {owner};"
                        " its stream_app alone may use it",
                    )
                if who.restricted and catalogue.topics[topic].plane is not Plane.PRODUCTION:
                    at.mistakes.add(
                        line,
                        f"{at.what}.{key}: topic {topic!r} of plane"
                        f" {catalogue.topics[topic].plane} found; a restricted principal is"
                        " allowed topics of plane production",
                    )
        _check_restricted_app(catalogue, who, at)


def _check_restricted_app(catalogue: Catalogue, who: Principal, at: Fields) -> None:
    if who.restricted and who.stream_app is not None:
        at.mistakes.add(
            at.line_at("stream_app"),
            f"{at.what}.stream_app: {who.stream_app!r} found; a restricted principal has none",
        )


def _check_prefixes(catalogue: Catalogue, who: Principal, at: Fields) -> None:
    lines = _lines(at, "consumes")
    for prefix in who.prefixes:
        line = lines[f"{prefix}*"]
        if who.restricted:
            at.mistakes.add(
                line,
                f"{at.what}.consumes: {prefix + '*'!r} found;"
                " a restricted principal is allowed exact names",
            )
        if not prefix or not is_name(prefix.rstrip("-")):
            at.mistakes.add(
                line,
                f"{at.what}.consumes: {prefix + '*'!r} found; the beginning of a name and one '*'"
                " at its end are allowed, or the word everything",
            )
            continue
        for topic in catalogue.topics.values():
            if topic.name.startswith(prefix) and topic.internal not in (None, who.name):
                at.mistakes.add(
                    line,
                    f"{at.what}.consumes: {prefix + '*'!r} would cover {topic.name!r},"
                    f" which is internal to {topic.internal}",
                )


def _granted(who: Principal) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("produces", who.produces),
        ("consumes", who.consumes),
        ("rebuilds_from", who.rebuilds_from),
        ("describes", who.describes),
    )


def _lines(at: Fields, key: str) -> dict[str, int]:
    node = at.entries.get(key)
    if node is None or isinstance(node.value, str):
        return {}
    return dict(at.words(key))


def _check_name(at: Fields, what: str, name: str, line: int) -> None:
    if not is_name(name):
        at.mistakes.add(line, f"{what}: name {name!r} found; {NAME_RULE} are allowed")
    elif len(name) > NAME_LENGTH_MAX:
        at.mistakes.add(
            line,
            f"{what}: a name of {len(name)} characters found; {NAME_LENGTH_MAX} are allowed,"
            " so that every namespace fits before it",
        )
