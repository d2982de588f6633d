"""What stands in a tree where it is of the right shape. What is not is passed over: the model complains of it."""

from __future__ import annotations

from collections.abc import Iterator

from trunkline.config.document import Items, Node, Scalar, Table

Path = tuple[str | int, ...]

Finding = tuple[Path, str, bool]
"""Where something is wrong, what to say of it, and whether it is about the key there (rather than its value)."""


def table(root: Node, section: str) -> Table | None:
    """The section, if it is a mapping."""
    node = root.entries.get(section) if isinstance(root, Table) else None
    return node if isinstance(node, Table) else None


def entries(root: Node, section: str) -> list[tuple[str, Table]]:
    """The entries that are mappings of a section that is one."""
    found = table(root, section)
    return [(name, entry) for name, entry in found.entries.items() if isinstance(entry, Table)] if found else []


def items(root: Node, section: str) -> list[tuple[int, Table]]:
    """The items that are mappings of a section that is a list, each with its index."""
    node = root.entries.get(section) if isinstance(root, Table) else None
    found = node.items if isinstance(node, Items) else ()
    return [(at, item) for at, item in enumerate(found) if isinstance(item, Table)]


def word(root: Table, key: str) -> str:
    """The text there; '' for none."""
    node = root.entries.get(key)
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""


def named(root: Table, key: str) -> Iterator[tuple[Path, str]]:
    """The names in a list or a mapping's keys, each with where it is."""
    node = root.entries.get(key)
    if isinstance(node, Table):
        yield from (((key, name), name) for name in node.entries)
    for at, item in enumerate(node.items if isinstance(node, Items) else ()):
        if isinstance(item, Scalar) and isinstance(item.value, str):
            yield (key, at), item.value
