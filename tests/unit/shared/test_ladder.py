"""The ladder that is told to the board: what each step leaves to be asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trunkline.config.queues import WideningStep
from trunkline.requirements import only_of, queue_of, queues_of, skills_of
from trunkline.widening import covers, ladder

_SKILLS = ("lang.tr", "lang.lv", "billing", "vip")
_NAMES = st.sampled_from([*_SKILLS, "lang.*"])


def step(
    after_s: int, *, lower: Mapping[str, int] | None = None, drop: Sequence[str] = (), queues: Sequence[str] = ()
) -> WideningStep:
    return WideningStep(after_s=after_s, lower=dict(lower or {}), drop=tuple(drop), queues=tuple(queues))


def climbed(*steps: WideningStep, requires: Mapping[str, int]) -> list[tuple[int, str]]:
    text = ladder(steps, queue="support", channel="sms", room=1, requires=requires)
    return [(int(after), wider) for after, _, wider in (rung.partition(">") for rung in text.split())]


def test_steps_add_up_and_each_is_told_with_its_time() -> None:
    assert climbed(
        step(60, lower={"lang.*": 1}),
        step(180, queues=["sales"]),
        step(600, drop=["billing"]),
        requires={"lang.lv": 3, "billing": 2},
    ) == [
        (0, "support|sms|1|billing:2,lang.lv:3"),
        (60_000, "support|sms|1|billing:2,lang.lv:1"),
        (180_000, "support+sales|sms|1|billing:2,lang.lv:1"),
        (600_000, "support+sales|sms|1|lang.lv:1"),
    ]


def test_a_step_that_changes_nothing_here_is_left_out() -> None:
    steps = (
        step(60, lower={"billing": 1}),
        step(90, drop=["vip"]),
        step(99, queues=["support"]),
    )

    assert climbed(*steps, requires={"lang.lv": 3}) == []
    assert [after for after, _ in climbed(*steps, requires={"vip": 1})] == [0, 90_000]


def test_a_level_is_never_raised() -> None:
    [_, (_, wider)] = climbed(step(60, lower={"lang.*": 5, "billing": 1}), requires={"lang.lv": 3, "billing": 2})

    assert skills_of(wider) == {"lang.lv": 3, "billing": 1}


def test_a_group_means_its_skills_and_no_other() -> None:
    assert covers("lang.*", "lang.tr")
    assert not covers("lang.*", "language.tr")
    assert not covers("lang.*", "lang")


@given(
    requires=st.dictionaries(st.sampled_from(_SKILLS), st.integers(1, 10)),
    steps=st.lists(
        st.tuples(
            st.dictionaries(_NAMES, st.integers(0, 10)),
            st.lists(_NAMES),
            st.lists(st.sampled_from(["sales", "vip"]), max_size=8),
        ),
        max_size=8,
    ),
)
def test_who_would_have_done_before_a_step_will_do_after_it(
    requires: dict[str, int], steps: list[tuple[dict[str, int], list[str], list[str]]]
) -> None:
    built = [step(at + 1, lower=low, drop=drop, queues=more) for at, (low, drop, more) in enumerate(steps)]
    rungs = climbed(*built, requires=requires)

    assert [after for after, _ in rungs] == sorted({after for after, _ in rungs})
    for (_, before), (_, after) in pairwise(rungs):
        had, has = skills_of(before), skills_of(after)
        assert all(level <= had.get(skill, 0) for skill, level in has.items())
        assert set(before.partition("|")[0].split("+")) <= set(after.partition("|")[0].split("+"))
        assert queue_of(after) == "support"


def test_where_the_queue_opens_later_it_widens_later() -> None:
    steps = (WideningStep(after_s=60, drop=("lang.*",)),)
    asked: dict[str, int] = {"lang.lv": 3}

    found = ladder(steps, queue="support", channel="sms", room=1, requires=asked, later_s=3_600)

    assert [rung.partition(">")[0] for rung in found.split(" ")] == ["0", "3660000"]


def test_the_last_agent_is_asked_alone_before_all_other_steps() -> None:
    steps = [WideningStep(after_s=90, supervisors=True)]

    text = ladder(steps, queue="support", channel="sms", room=1, requires={"vip": 2}, only=("a1b2", 30))

    rungs = [step.split(">") for step in text.split()]
    assert [after for after, _ in rungs] == ["0", "30000", "90000"]
    assert [only_of(wanted) for _, wanted in rungs] == ["a1b2", "", ""]
    assert [queues_of(wanted) for _, wanted in rungs] == [("support",), ("support",), ("support", "role.supervisor")]


def test_without_a_last_agent_there_is_no_such_step() -> None:
    assert ladder([], queue="support", channel="sms", room=1, requires={}, only=("", 30)) == ""
