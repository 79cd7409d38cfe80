"""Namespaces keep physical names apart and give the logical ones back."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ecosystem.errors import InvalidInputError
from eventlog.catalogue.namespace import (
    NAME_LENGTH_MAX,
    NAMESPACE_LENGTH_MAX,
    PHYSICAL_LENGTH_MAX,
    Namespace,
    is_name,
)

names = st.from_regex(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True)
namespaces = st.builds(Namespace, st.just("") | names)


@given(namespaces, names)
def test_a_physical_name_gives_its_logical_name_back(namespace: Namespace, name: str) -> None:
    physical = namespace.topic(name)
    assert namespace.owns(physical)
    assert namespace.logical(physical) == name
    assert namespace.group(name) == physical


@given(namespaces, namespaces, names)
def test_no_name_lies_in_two_namespaces(one: Namespace, other: Namespace, name: str) -> None:
    assume(one != other)
    assert not other.owns(one.topic(name))
    with pytest.raises(InvalidInputError, match="allowed"):
        other.logical(one.topic(name))


@given(st.text(max_size=60))
def test_a_name_is_dns_safe_or_refused(text: str) -> None:
    if text and not (is_name(text) and len(text) <= NAMESPACE_LENGTH_MAX):
        with pytest.raises(InvalidInputError, match="at most 40 characters"):
            Namespace(text)
    else:
        assert set(Namespace(text).prefix) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")


def test_the_longest_name_fits_the_broker_in_the_longest_namespace() -> None:
    namespace = Namespace("n" * NAMESPACE_LENGTH_MAX)
    assert len(namespace.topic("t" * NAME_LENGTH_MAX)) == PHYSICAL_LENGTH_MAX


def test_the_brokers_own_topics_belong_to_nobody() -> None:
    assert not Namespace().owns("__consumer_offsets")
    assert not Namespace().owns("_schemas")
