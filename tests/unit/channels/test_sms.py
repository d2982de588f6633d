from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.channels.base import ChannelEventKind
from trunkline.channels.sms import GSM_0338, Alphabet, Segments, count, folded, keyword, split, utf16_length

GSM = "".join(sorted(GSM_0338.basic))
WIDE = "".join(sorted(GSM_0338.extension))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("gsm7", 0, 0, 160)),
        ("a" * 160, Segments("gsm7", 160, 1, 0)),
        ("a" * 161, Segments("gsm7", 161, 2, 145)),
        ("a" * 306, Segments("gsm7", 306, 2, 0)),
        ("a" * 307, Segments("gsm7", 307, 3, 152)),
        ("€" * 80, Segments("gsm7", 160, 1, 0)),
        ("a" + "€" * 80, Segments("gsm7", 161, 2, 145)),
        # The 153rd septet cannot hold half of an escape pair: the pair begins the second segment.
        ("€" * 153, Segments("gsm7", 306, 3, 151)),
        ("ş" * 70, Segments("ucs2", 70, 1, 0)),
        ("ş" * 71, Segments("ucs2", 71, 2, 63)),
        ("ş" * 134, Segments("ucs2", 134, 2, 0)),
        ("🙂" * 35, Segments("ucs2", 70, 1, 0)),
        # 67 is odd: each segment leaves one unit empty rather than half an emoji.
        ("🙂" * 67, Segments("ucs2", 134, 3, 65)),
        ("ā€", Segments("ucs2", 2, 1, 68)),
    ],
)
def test_a_text_takes_the_segments_the_standard_says(text: str, expected: Segments) -> None:
    assert count(text) == expected


def test_the_default_alphabet_has_every_character_of_the_standard() -> None:
    assert len(GSM_0338.basic) == 127  # 128 codes, one of which is the escape
    assert len(GSM_0338.extension) == 10
    assert not GSM_0338.basic & GSM_0338.extension


def test_a_carrier_may_have_another_alphabet() -> None:
    turkish = Alphabet(basic=GSM_0338.basic | set("ğşıİ"), extension=GSM_0338.extension)

    assert count("şğıİ").encoding == "ucs2"
    assert count("şğıİ", alphabet=turkish) == Segments("gsm7", 4, 1, 156)


@given(st.text(alphabet=GSM + WIDE, max_size=1_000))
def test_segments_of_septets_agree_with_packing_them_one_by_one(text: str) -> None:
    segments, used = (1, 0) if text else (0, 0)
    room = 160 if sum(2 if c in WIDE else 1 for c in text) <= 160 else 153
    for character in text:
        width = 2 if character in WIDE else 1
        if used + width > room:
            segments, used = segments + 1, 0
        used += width

    assert count(text).segments == segments


@given(st.text(max_size=600), st.integers(2, 80))
def test_pieces_fit_and_only_white_space_is_lost(text: str, limit: int) -> None:
    pieces = split(text, limit=limit)

    assert all(0 < utf16_length(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("short", ("short",)),
        ("", ()),
        ("   \n ", ()),
        ("One two. Three four", ("One two.", "Three four")),
        ("aaa bbb\nccc. ddd eee", ("aaa bbb", "ccc. ddd eee")),
        ("first one\n\nsecond\nx", ("first one", "second\nx")),
        ("exactly13 abc and", ("exactly13 abc", "and")),
        ("x" * 30, ("x" * 13, "x" * 13, "x" * 4)),
        ("🙂" * 8, ("🙂" * 6, "🙂" * 2)),
        # An accent stays with its letter: twelve letters, then "e" and its accent together.
        ("abcdefghijkle\u0301xyz", ("abcdefghijkl", "e\u0301xyz")),
    ],
)
def test_a_text_is_cut_where_people_would(text: str, pieces: tuple[str, ...]) -> None:
    assert split(text, limit=13) == pieces


def test_a_very_long_text_is_split_in_time_proportional_to_it() -> None:
    assert len(split("word " * 200_000, limit=1_600)) == 625


@pytest.mark.parametrize(
    "word", ["STOP", "stop", " Stop\n", "StopAll", "unsubscribe", "CANCEL", "end", "Quit", "STOP!", "stop.", "optout"]
)
def test_stop_words_opt_out_whatever_their_case(word: str) -> None:
    assert keyword(word) is ChannelEventKind.OPT_OUT


@pytest.mark.parametrize("text", ["stop please", "don't stop", "ends", "", "yes!", "start now", "s" * 10_000, "DUR"])
def test_a_message_that_only_contains_a_keyword_is_an_ordinary_one(text: str) -> None:
    assert keyword(text) is None


@pytest.mark.parametrize("word", ["dur", "DUR", "iptal", "İPTAL", "IPTAL", "\u0131ptal", "İptal", "ATTEIKT", "Atteikt"])
def test_extra_stop_words_are_known_in_turkish_and_latvian(word: str) -> None:
    assert keyword(word, stop=("DUR", "IPTAL", "ATTEIKT")) is ChannelEventKind.OPT_OUT


def test_yes_opts_in_unless_the_account_says_otherwise() -> None:
    assert keyword("yes") is ChannelEventKind.OPT_IN
    assert keyword("yes", start=("START",)) is None
    assert keyword("start", start=("START",)) is ChannelEventKind.OPT_IN
    assert keyword("info") is ChannelEventKind.HELP


@given(st.text(max_size=80))
def test_folding_is_stable(text: str) -> None:
    assert folded(folded(text)) == folded(text) or len(folded(text)) > 64
