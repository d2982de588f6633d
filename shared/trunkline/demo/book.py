"""The demo's whole book of stories."""

from __future__ import annotations

from typing import Final

from trunkline.demo import words_en, words_lv, words_tr
from trunkline.demo.stories import Book, Language

BOOK: Final = Book(
    (*words_en.TOPICS, *words_tr.TOPICS, *words_lv.TOPICS),
    {
        Language.ENGLISH: words_en.PHRASES,
        Language.TURKISH: words_tr.PHRASES,
        Language.LATVIAN: words_lv.PHRASES,
    },
)
