"""A fault within an expression is shown where it stands in the file, however the expression is written down."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.config.document import Scalar, Source, Table, read
from trunkline.config.places import index_of

_TEXT = st.text(st.sampled_from("abz'\"\\ \n\tğ😀:#{}|&x"), max_size=60)


def _refuse(problem: object) -> None:
    pytest.fail(str(problem))


@settings(deadline=None)  # other processes share the processors
@given(_TEXT, st.sampled_from(["'", '"', "|", ">"]), st.sampled_from([20, 80]))
def test_every_character_is_found_again_in_every_style(text: str, style: str, width: int) -> None:
    written = yaml.safe_dump({"k": {"when": text}}, default_style=style, width=width, allow_unicode=True)

    source, root = read(written.encode(), _refuse)
    scalar = _when(root)

    last = -1
    for offset, character in enumerate(scalar.text):
        if character.isspace():
            continue
        before = scalar.text[:offset]
        index = index_of(source, scalar, before.count("\n") + 1, offset - before.rfind("\n"))
        assert source.text[index] in {character, "\\"}
        assert last < index < scalar.end
        last = index
    assert scalar.text == yaml.safe_load(written)["k"]["when"]


def test_a_place_beyond_the_end_is_just_after_the_last_character() -> None:
    source, root = read(b'k: {when: "abc"}', _refuse)

    assert source.position(index_of(source, _when(root), 1, 4)) == (1, 15)


def test_lines_and_columns_count_characters_from_one() -> None:
    source = Source("ğ😀\nb")

    assert [source.position(index) for index in (0, 1, 2, 3, 99)] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]


def _when(root: object) -> Scalar:
    assert isinstance(root, Table)
    inner = next(iter(root.entries.values()))
    assert isinstance(inner, Table)
    scalar = inner.entries["when"]
    assert isinstance(scalar, Scalar)
    return scalar
