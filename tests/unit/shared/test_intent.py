"""Intents are guessed from a handful of examples in three languages, and never at any price."""

# ruff: noqa: RUF001 - Turkish is written with letters that look like others

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.intent import Classifier, Guess, runs_of

SURE = 0.8

EXAMPLES = {
    "refund": [
        "I want my money back",
        "please refund the last payment",
        "how do I get a refund",
        "you charged me twice, give it back",
        "I would like to return it and be paid back",
        "refund for a cancelled order",
        "paramı geri istiyorum",
        "iade almak istiyorum",
        "son ödemeyi iade edin",
        "benden iki kez para çekilmiş",
        "iptal ettiğim sipariş için iade",
        "parayı ne zaman iade edersiniz",
        "gribu atpakaļ naudu",
        "lūdzu atmaksājiet pēdējo maksājumu",
        "kā saņemt atmaksu",
        "no manis iekasēja divreiz",
        "atmaksa par atceltu pasūtījumu",
        "kad atdosiet naudu",
    ],
    "delivery": [
        "where is my parcel",
        "when will my order arrive",
        "the courier has not come",
        "track my delivery",
        "my package is late",
        "has my order been shipped",
        "kargom nerede",
        "siparişim ne zaman gelir",
        "kurye gelmedi",
        "kargo takibi yapmak istiyorum",
        "paketim gecikti",
        "siparişim kargoya verildi mi",
        "kur ir mana paka",
        "kad pienāks mans pasūtījums",
        "kurjers nav atbraucis",
        "izsekot sūtījumam",
        "mana sūtījums kavējas",
        "vai pasūtījums ir nosūtīts",
    ],
    "login": [
        "I cannot log in",
        "I forgot my password",
        "reset my password please",
        "my account is locked",
        "the code for signing in does not come",
        "login does not work",
        "giriş yapamıyorum",
        "şifremi unuttum",
        "şifremi sıfırlayın",
        "hesabım kilitlendi",
        "giriş kodu gelmiyor",
        "oturum açamıyorum",
        "nevaru ielogoties",
        "aizmirsu paroli",
        "lūdzu atjaunojiet paroli",
        "mans konts ir bloķēts",
        "nepienāk ieejas kods",
        "pieslēgšanās nestrādā",
    ],
    "buy": [
        "how much does it cost",
        "is there a discount",
        "what is the price of the chair",
        "I want to order ten of them",
        "do you have it in stock",
        "can I buy it in red",
        "fiyatı ne kadar",
        "indirim var mı",
        "sandalyenin fiyatı nedir",
        "on tane sipariş vermek istiyorum",
        "stokta var mı",
        "kırmızısını satın alabilir miyim",
        "cik tas maksā",
        "vai ir atlaide",
        "kāda ir krēsla cena",
        "gribu pasūtīt desmit gabalus",
        "vai ir noliktavā",
        "vai varu nopirkt sarkanu",
    ],
}
UNSEEN = {
    "refund": [
        "can I have a refund please",
        "you took the payment twice",
        "I returned the lamp, when do I get my money",
        "ödememi iade eder misiniz",
        "paramı iade edin lütfen",
        "iki defa ödeme alınmış",
        "gribu saņemt atmaksu par lampu",
        "lūdzu atdodiet manu naudu",
        "nauda iekasēta divas reizes",
    ],
    "delivery": [
        "my delivery has not arrived yet",
        "where is the courier with my package",
        "when do you ship my order",
        "kargo hala gelmedi",
        "siparişim nerede kaldı",
        "paketimi takip edemiyorum",
        "kur paliek mans sūtījums",
        "kurjers vēl nav bijis",
        "kad piegādāsiet paku",
    ],
    "login": [
        "the password reset mail does not come",
        "cannot sign in to my account",
        "my login is locked",
        "hesabıma giremiyorum",
        "şifre yenileme kodu gelmedi",
        "parolamı unuttum giriş yapamıyorum",
        "nevaru tikt savā kontā",
        "parole vairs neder",
        "neizdodas pieslēgties kontam",
    ],
    "buy": [
        "what does the lamp cost",
        "any discount if I buy five",
        "is the red one in stock",
        "lambanın fiyatı ne",
        "beş tane alırsam indirim olur mu",
        "bu ürün stokta mı",
        "cik maksā lampa",
        "vai ir atlaide ja pērku piecas",
        "vai krēsls ir pieejams noliktavā",
    ],
}

ELSEWHERE = [
    "hello",
    "Good morning, how are you today?",
    "merhaba nasılsınız",
    "labdien",
    "my cat likes your website",
    "12345",
    "thanks a lot",
    "çok teşekkürler",
    "paldies par visu",
    "qwrtzpsdfg",
    "",
    "👍",
    "\0",
    "\ud800",
]
OURS = Classifier(EXAMPLES)


def told(text: str) -> str:
    guess = OURS.guess(text)
    return guess.intent if guess.confidence >= SURE else ""


def test_new_sentences_are_told_mostly_and_hardly_ever_wrongly() -> None:
    found = [(told(text), intent) for intent, texts in UNSEEN.items() for text in texts]

    assert sum(guess == intent for guess, intent in found) >= 32, "of 36"
    assert sum(guess not in {intent, ""} for guess, intent in found) <= 1


@pytest.mark.parametrize("text", ELSEWHERE)
def test_what_is_like_no_example_is_not_told(text: str) -> None:
    assert OURS.guess(text) == Guess()


@pytest.mark.parametrize(
    ("text", "bare"),
    [("Şifremi UNUTTUM!", "sifremi unuttum"), ("Aizmirsu paroļi", "aizmirsu paroli"), ("IADE", "ıade")],
)
def test_marks_and_capitals_do_not_matter(text: str, bare: str) -> None:
    assert runs_of(text) == runs_of(bare)


def test_runs_are_of_three_to_five_letters_and_know_where_words_end() -> None:
    assert runs_of("to-do") == [
        " to",
        "to ",
        "o d",
        " do",
        "do ",
        " to ",
        "to d",
        "o do",
        " do ",
        " to d",
        "to do",
        "o do ",
    ]
    assert runs_of("1 !") == []


def test_half_of_what_one_wants_and_half_of_another_is_less_sure() -> None:
    assert OURS.guess("my password and a discount").confidence < OURS.guess("I forgot my password").confidence


@settings(deadline=None)  # other processes share the processors
@given(st.text(max_size=300) | st.text(st.characters(), max_size=60))
def test_no_text_makes_it_fail(text: str) -> None:
    guess = OURS.guess(text)

    assert guess.intent in {"", *EXAMPLES}
    assert 0 <= guess.confidence <= 1


@pytest.mark.parametrize("text", ["kur ir mana paka " * 300_000, "\u0301" * 1_000_000, "\ufdfa" * 1_000_000])
def test_a_long_text_takes_no_longer(text: str) -> None:
    started = time.thread_time()
    OURS.guess(text)

    assert time.thread_time() - started < 0.05, "a message would stand in everybody's way"


def test_as_many_examples_as_a_file_may_have_are_learnt_soon() -> None:
    chance = random.Random(1)
    many = {f"intent-{at}": ["".join(chance.choices("abcdefghijklmnop ", k=40)) for _ in range(10)] for at in range(50)}

    started = time.thread_time()
    ours = Classifier(many)
    learnt = time.thread_time()
    ours.guess("".join(chance.choices("abcdefghijklmnop ", k=10_000)))

    assert learnt - started < 1.5
    assert time.thread_time() - learnt < 0.1
