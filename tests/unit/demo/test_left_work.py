"""What the demo keeps waiting for people: one invoice a language, never more, and none for ever."""

from __future__ import annotations

from trunkline.demo.left import CROWDED, TOO_LONG_S, LeftWork, Waiting
from trunkline.demo.stories import Language

EN, TR, LV = Language.ENGLISH, Language.TURKISH, Language.LATVIAN


def invoice(name: str, language: Language) -> Waiting:
    return Waiting(id=name, queue="billing", requirement=f"billing|twilio-sms|1|billing:3,{language.skill}:3")


def other(name: str) -> Waiting:
    return Waiting(id=name, queue="support", requirement="support|twilio-sms|1|lang.en:1")


def test_an_invoice_comes_in_each_language_that_has_none_waiting() -> None:
    orders = LeftWork().looked([invoice("1-a", TR), other("1-b")], 0)

    assert orders.invoices == (EN, LV)
    assert not orders.relief
    assert not orders.crowded


def test_one_that_is_on_its_way_is_not_asked_for_again_until_it_should_be_there() -> None:
    left = LeftWork()
    for language in left.looked([], 0).invoices:
        left.comes(language, 0)

    assert left.looked([], 2).invoices == ()
    assert left.looked([], 4).invoices == (EN, TR, LV)


def test_one_that_was_seen_and_taken_is_replaced_at_once() -> None:
    left = LeftWork()
    left.comes(EN, 0)
    line = [invoice("1-a", EN), invoice("1-b", TR), invoice("1-c", LV)]
    assert left.looked(line, 1).invoices == ()

    assert left.looked(line[1:], 2).invoices == (EN,)


def test_relief_comes_for_an_invoice_that_waited_too_long_and_goes_when_it_was_taken() -> None:
    left = LeftWork()
    line = [invoice("1-a", EN), invoice("1-b", TR), invoice("1-c", LV)]
    left.looked(line, 0)

    assert not left.looked(line, TOO_LONG_S).relief
    assert left.looked(line, TOO_LONG_S + 1).relief
    assert not left.looked([invoice("1-d", EN)], TOO_LONG_S + 2).relief


def test_too_long_a_line_is_told() -> None:
    line = [other(f"1-{number}") for number in range(CROWDED)]

    assert LeftWork().looked(line, 0).crowded
    assert not LeftWork().looked(line[1:], 0).crowded
