"""A small catalogue for tests, as text to be spoilt and as read."""

from pathlib import Path

from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.model import Catalogue

PROJECT = load_catalogue(Path(__file__).parents[2] / "topics.yaml")
"""The catalogue of this project."""

SMALL = """\
version: 1
defaults:
  partitions: 2
  config: {retention.ms: -1}
topics:
  prices:
    plane: production
    key: instrument
    events: [PriceTicked]
    steward: monitor
    why: quotes
  dead-letters:
    plane: production
    key: origin
    events: [RecordDeadLettered]
    steward: auditor
    why: undecodable records
  injections:
    plane: control
    key: run
    partitions: 1
    events: [InjectionApplied]
    steward: auditor
    why: what was done
  join-cases:
    plane: control
    key: run
    internal: auditor
    config: {cleanup.policy: compact}
    why: the table of the join
principals:
  feed:
    produces: [prices, injections]
    rebuilds_from: [prices]
    describes: [dead-letters]
    transactional_id: feed
  monitor:
    restricted: true
    produces: [dead-letters]
    consumes: production
    group: monitor
  auditor:
    produces: [dead-letters]
    consumes: everything
    group: tap
    stream_app: join
"""


def write(folder: Path, text: str) -> Path:
    """Write a catalogue and return where it lies."""
    path = folder / "topics.yaml"
    path.write_text(text)
    return path


def small(folder: Path, *changes: tuple[str, str]) -> Catalogue:
    """Return the small catalogue with the first occurrence of each text replaced."""
    return load_catalogue(write(folder, changed(*changes)))


def changed(*changes: tuple[str, str]) -> str:
    """Return the text of the small catalogue with the first occurrence of each replaced."""
    text = SMALL
    for old, new in changes:
        assert old in text, f"{old!r} is not in the small catalogue"
        text = text.replace(old, new, 1)
    return text
