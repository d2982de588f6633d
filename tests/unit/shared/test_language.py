"""Languages are told where that is sure, and nothing makes the telling fail, slow or wrong."""
# ruff: noqa: RUF001 - Turkish is written with letters that look like others

from __future__ import annotations

import time

import eldc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.language import KNOWN, Detector, Eldc, Heard, settled

OURS = Eldc(["en", "tr", "lv"])

SENTENCES = {
    "en": [
        "Where is my order?", "I was charged twice this month", "The app keeps crashing on login",
        "Can I get a refund please", "what are your opening hours", "my parcel arrived broken",
    ],
    "tr": [
        "Siparişim nerede?", "siparisim nerede kaldi", "Faturam yanlış gelmiş", "iade almak istiyorum",
        "kargo ne zaman gelir", "adresimi nasil degistirebilirim", "tesekkur ederim cok naziksiniz",
    ],
    "lv": [
        "Kur ir mans pasūtījums?", "kur ir mans pasutijums", "Man ir nepareizs rēķins", "gribu atgriezt preci",
        "cik maksa piegade", "ka nomainit adresi", "paldies par palidzibu",
    ],
}  # fmt: skip
WORDS = {
    "en": ["hello", "refund", "invoice please", "thanks", "price?", "cancel it", "good morning"],
    "tr": ["merhaba", "iade", "fatura", "tesekkurler", "fiyat?", "iptal et", "gunaydin"],
    "lv": ["sveiki", "atmaksa", "rekins", "pasutijums", "paldies", "cena?", "labdien"],
}
UNSURE = {
    "empty": "", "blank": " \n\t", "no letters": "123 456 :-)", "a picture of a thumb": "👍👍", "two letters": "ok",
    "what two languages share": "no", "half each": "hello, merhaba nasılsınız I would like to know",
    "an address": "http://shop.example/where-is-my-order", "another script": "Привет, где мой заказ?",
    "German": "Wo ist meine Bestellung?", "Spanish": "dónde está mi pedido", "Estonian": "Tere, kus on minu tellimus",
    "Lithuanian": "Labas, kur yra mano užsakymas?", "Azerbaijani": "Salam, sifarişim haradadır?",
    "nothing printable": "\0\0\0",
}  # fmt: skip


def pairs(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(text, language) for language, texts in table.items() for text in texts]


@pytest.mark.parametrize(("text", "language"), pairs(SENTENCES))
def test_a_short_sentence_is_told_with_its_marks_and_without(text: str, language: str) -> None:
    assert OURS.hear(text).language == language


@pytest.mark.parametrize(("text", "language"), pairs(WORDS))
def test_a_word_or_two_is_told_weakly_or_not_at_all_but_never_wrongly(text: str, language: str) -> None:
    assert OURS.hear(text) in {Heard(language, firm=False), Heard()}


def test_most_single_words_are_told() -> None:
    told = [bool(OURS.hear(text).language) for text, _ in pairs(WORDS)]

    assert sum(told) / len(told) >= 0.8


@pytest.mark.parametrize("text", UNSURE.values(), ids=UNSURE.keys())
def test_what_is_not_sure_is_not_told(text: str) -> None:
    assert OURS.hear(text) == Heard()


def test_what_is_no_unicode_does_not_stand_in_the_way_of_the_rest() -> None:
    assert OURS.hear("\ud800 Where is my order? \udfff").language == "en"


def test_three_words_are_firm_and_fewer_are_not() -> None:
    assert OURS.hear("Kur ir rēķins").firm
    assert not OURS.hear("labdien visiem").firm
    assert not OURS.hear("labdien 1 2 3 http://a.example x@y.example").firm


@pytest.mark.parametrize(
    ("heard", "before", "language"),
    [
        (Heard("tr", firm=True), "", "tr"),
        (Heard("tr", firm=True), "lv", "tr"),
        (Heard("tr", firm=False), "", "tr"),
        (Heard("tr", firm=False), "lv", "lv"),
        (Heard(), "lv", "lv"),
        (Heard(), "", ""),
    ],
)
def test_what_was_known_stands_until_some_words_say_otherwise(heard: Heard, before: str, language: str) -> None:
    assert settled(heard, before) == language


def test_two_deployments_of_other_languages_do_not_disturb_each_other() -> None:
    german: Detector = Eldc(["de", "en"])

    assert german.hear("Wo ist meine Bestellung?").language == "de"
    assert OURS.hear("Wo ist meine Bestellung?").language == ""
    assert german.hear("Siparişim nerede kaldı?").language == ""


def test_the_languages_that_can_be_told_are_the_detectors() -> None:
    assert set(KNOWN) == set(eldc.LANGUAGES)


@settings(deadline=None)  # other processes share the processors
@given(st.text(max_size=200) | st.text(st.characters(), max_size=50))
def test_no_text_makes_it_fail_or_answer_in_another_language(text: str) -> None:
    assert OURS.hear(text).language in {"", "en", "tr", "lv"}


@pytest.mark.parametrize("sign", ["a", "a ", "1", "@", "www.", "ā", "é\u0301", "😀", "kur ir mans rēķins ", "\0"])
def test_a_long_text_takes_no_longer(sign: str) -> None:
    text = sign * (5_000_000 // len(sign))

    started = time.thread_time()
    OURS.hear(text)

    assert time.thread_time() - started < 0.05, "a message would stand in everybody's way"
