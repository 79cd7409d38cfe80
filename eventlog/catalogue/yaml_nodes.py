"""Strict reading of YAML nodes: every value with its line, every mistake kept for the end."""

import difflib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from eventlog.errors import CatalogueError

_KINDS: Final = {
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a decimal number",
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:str": "a word",
}


class Mistakes:
    """Collects mistakes, so that one reading reports them all."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.found: list[tuple[int, str]] = []

    def add(self, line: int, text: str) -> None:
        """Keep one mistake, once."""
        if (line, text) not in self.found:
            self.found.append((line, text))

    def raise_if_any(self) -> None:
        """Raise one CatalogueError with a line for each mistake, in the order of the file."""
        if self.found:
            raise CatalogueError(
                "\n".join(f"{self.source}:{line}: {text}" for line, text in sorted(self.found))
            )


def suggestion(found: str, allowed: Iterable[str]) -> str:
    """Return `; did you mean ...?` when something allowed is close, else nothing."""
    near = difflib.get_close_matches(found, [str(word) for word in allowed], n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def unknown(kind: str, found: str, allowed: Collection[str]) -> str:
    """Return the sentence that an unknown word deserves."""
    return (
        f"unknown {kind} {found!r}; allowed: {', '.join(allowed) or 'none'}"
        f"{suggestion(found, allowed)}"
    )


def line_of(node: Node) -> int:
    """Return the line of a node, counted from 1."""
    return int(node.start_mark.line) + 1


def kind_of(node: Node) -> str:
    """Return what a node is, in words."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    kind = _KINDS.get(str(node.tag), str(node.tag))
    return f"{kind} ({node.value!r})" if node.value else kind


def compose(path: Path, source: str) -> Node:
    """Return the root of a YAML file.

    Raises:
        CatalogueError: the file cannot be read, is empty, or is not YAML.
    """
    try:
        root: Node | None = YAML(typ="safe", pure=True).compose(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogueError(f"{source}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{source}: not UTF-8 ({error})") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise CatalogueError(f"{source}:{line}: not YAML: {error.problem}") from error
    except YAMLError as error:
        raise CatalogueError(f"{source}:1: not YAML: {str(error).splitlines()[0]}") from error
    if root is None:
        raise CatalogueError(f"{source}:1: the file is empty; a mapping is allowed")
    return root


class Fields:
    """The entries of one mapping, each read once by the type it must have.

    Args:
        what: names the mapping in messages.
        allowed: its keys; None allows any word.
        line: where the mapping is named; by default where it begins.
    """

    def __init__(
        self,
        node: Node | None,
        mistakes: Mistakes,
        what: str,
        allowed: Collection[str] | None,
        *,
        line: int | None = None,
    ) -> None:
        self.mistakes = mistakes
        self.what = what
        self.line = (1 if node is None else line_of(node)) if line is None else line
        self.entries: dict[str, Node] = {}
        self.key_lines: dict[str, int] = {}
        if node is None:
            return
        if not isinstance(node, MappingNode):
            mistakes.add(self.line, f"{what}: {kind_of(node)} found; a mapping is allowed")
            return
        for key, value in node.value:
            self._enter(key, value, allowed)

    def _enter(self, key: Node, value: Node, allowed: Collection[str] | None) -> None:
        line = line_of(key)
        if not isinstance(key, ScalarNode) or key.tag != "tag:yaml.org,2002:str":
            self.mistakes.add(line, f"{self.what}: key {kind_of(key)} found; a word is allowed")
        elif key.value in self.entries:
            first = self.key_lines[key.value]
            self.mistakes.add(
                line, f"{self.what}: key {key.value!r} again; the first is in line {first}"
            )
        elif allowed is not None and key.value not in allowed:
            self.mistakes.add(line, f"{self.what}: {unknown('key', key.value, allowed)}")
        else:
            self.entries[key.value] = value
            self.key_lines[key.value] = line

    def line_at(self, key: str) -> int:
        """Return the line of a key, or of the mapping where the key is absent."""
        return self.key_lines.get(key, self.line)

    def mapping(self, key: str, what: str, allowed: Collection[str] | None) -> "Fields":
        """Return the mapping under a key; an absent one is empty."""
        return Fields(self.entries.get(key), self.mistakes, what, allowed, line=self.line_at(key))

    def text(self, key: str, *, required: bool = False) -> str | None:
        """Return a word, or None when it is absent or wrong."""
        node = self._scalar(key, "str", "a word", required=required)
        if node is None:
            return None
        if not node.value.strip():
            self.mistakes.add(line_of(node), f"{self.what}.{key}: nothing found; a word is allowed")
            return None
        return str(node.value)

    def flag(self, key: str) -> bool:
        """Return true or false; false when it is absent or wrong."""
        node = self._scalar(key, "bool", "true or false", required=False)
        return node is not None and str(node.value).lower() == "true"

    def integer(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number within the bounds, or None when it is absent or wrong."""
        node = self._scalar(key, "int", f"a whole number from {low} to {high}", required=False)
        if node is None:
            return None
        value = int(str(node.value).replace("_", "")) if _plain(node.value) else low - 1
        if low <= value <= high:
            return value
        self.mistakes.add(
            line_of(node),
            f"{self.what}.{key}: {node.value} found; a whole number from {low} to {high}"
            " is allowed",
        )
        return None

    def words(self, key: str) -> tuple[tuple[str, int], ...]:
        """Return the distinct words of a list, each with its line."""
        node = self.entries.get(key)
        if node is None:
            return ()
        if not isinstance(node, SequenceNode):
            self.mistakes.add(
                self.line_at(key),  # an empty value would stand in the line of what comes next
                f"{self.what}.{key}: {kind_of(node)} found; a list of words is allowed",
            )
            return ()
        found: dict[str, int] = {}
        for item in node.value:
            line = line_of(item)
            if not isinstance(item, ScalarNode) or item.tag != "tag:yaml.org,2002:str":
                self.mistakes.add(
                    line, f"{self.what}.{key}: {kind_of(item)} found; a word is allowed"
                )
            elif item.value in found:
                self.mistakes.add(line, f"{self.what}.{key}: {item.value!r} stands there twice")
            else:
                found[item.value] = line
        return tuple(found.items())

    def _scalar(self, key: str, tag: str, allowed: str, *, required: bool) -> ScalarNode | None:
        node = self.entries.get(key)
        if node is None:
            if required and key not in self.key_lines:
                self.mistakes.add(self.line, f"{self.what}: {key} is missing; {allowed} is allowed")
            return None
        if isinstance(node, ScalarNode) and node.tag == f"tag:yaml.org,2002:{tag}":
            return node
        self.mistakes.add(
            self.line_at(key),
            f"{self.what}.{key}: {kind_of(node)} found; {allowed} is allowed",
        )
        return None


def _plain(text: str) -> bool:
    return text.lstrip("+-").replace("_", "").isdigit()
