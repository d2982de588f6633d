"""Names that lead nowhere: a queue or skill nobody declared, a rule's name given twice, a rule that decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from trunkline.config import tells
from trunkline.config.document import Node, Scalar, Table
from trunkline.config.problems import meant
from trunkline.config.sections import Finding, Path, entries, items, named, table, word
from trunkline.requirements import ONLY
from trunkline.widening import GROUP, covers

_ASPECTS = {"queue", "requires", "prefers", "priority", "weight", "target_s"}


def check(root: Node) -> Iterator[Finding]:
    """Every name that leads nowhere; what is not of the right shape is left to the model."""
    queues = _declared(root, "queues")
    skills = _declared(root, "skills")
    calendars = _declared(root, "calendars")
    if isinstance(root, Table):
        yield from _queue(root, (), "default_queue", queues)
    for name in skills:
        if name.startswith(ONLY):
            yield ("skills", name), f"names that begin with `{ONLY}` are the agents' own", True
    for name, account in entries(root, "accounts"):
        yield from _queue(account, ("accounts", name), "queue", queues)
        yield from _calendar(account, ("accounts", name), calendars)
        settings = table(account, "settings")
        if "hours" in account.entries and settings and "hours" in settings.entries:
            yield ("accounts", name, "hours"), "its settings have hours of their own; give one of the two", True
    yield from _closings(root, queues)
    for name, queue in entries(root, "queues"):
        yield from _skills(queue, ("queues", name), skills)
        if further := table(queue, "escalation"):
            yield from _queue(further, ("queues", name, "escalation"), "queue", queues)
            yield from _skills(further, ("queues", name, "escalation"), skills)
        yield from _calendar(queue, ("queues", name), calendars)
        yield from _clocks(queue, ("queues", name, "clocks"), calendars)
        yield from _widening(queue, ("queues", name, "widening"), queues, skills)
    yield from _languages(root, skills)
    yield from tells.problems(root, _fallback(root))
    for at, rule in items(root, "rules"):
        yield from _queue(rule, ("rules", at), "queue", queues)
        yield from _skills(rule, ("rules", at), skills)
        if not _ASPECTS & rule.entries.keys():
            yield (
                ("rules", at),
                "the rule decides nothing; give a queue, requires, prefers, priority, weight or target_s",
                False,
            )
    yield from _repeated(root)


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """What to say of a name that is not among the known ones."""
    names = sorted(known)
    close = meant(name, names)
    hint = f"did you mean `{close}`?" if close else f"there are {', '.join(names[:12])}" if names else "there are none"
    return f"there is no {kind} `{name[:80]}`; {hint}"


def _declared(root: Node, section: str) -> Collection[str]:
    """Names in a section, also of entries that are otherwise wrong: one fault is told once."""
    found = table(root, section)
    return found.entries.keys() if found else ()


def _queue(here: Table, path: Path, key: str, known: Collection[str]) -> Iterator[Finding]:
    node = here.entries.get(key)
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value not in known:
        yield (*path, key), unknown("queue", node.value, known), False


def _skills(here: Table, path: Path, known: Collection[str]) -> Iterator[Finding]:
    for key in ("requires", "prefers"):
        found = table(here, key)
        for skill in found.entries if found else ():
            if skill not in known:
                yield (*path, key, skill), unknown("skill", skill, known), True


def _widening(queue: Table, path: Path, queues: Collection[str], skills: Collection[str]) -> Iterator[Finding]:
    sticky = queue.entries.get("sticky_s")
    before, of = (sticky.value if isinstance(sticky, Scalar) and isinstance(sticky.value, int) else 0), "`sticky_s`"
    for at, step in items(queue, "widening"):
        for key, known, kind in (("lower", skills, "skill"), ("drop", skills, "skill"), ("queues", queues, "queue")):
            for place, name in named(step, key):
                if not any(covers(name, one) for one in known):
                    yield (*path, at, *place), unknown(kind, name, known), key == "lower"
        if not {"lower", "drop", "queues", "supervisors", "tell"} & step.entries.keys():
            yield (*path, at), "the step changes nothing; give lower, drop, queues, supervisors or tell", False
        after = step.entries.get("after_s")
        if isinstance(after, Scalar) and isinstance(after.value, int):
            if after.value <= before:
                yield (*path, at, "after_s"), f"must be more than the {before} of {of}", False
            before, of = after.value, "the step before"


def _calendar(here: Table, path: Path, known: Collection[str]) -> Iterator[Finding]:
    name = word(here, "hours")
    if name and name not in known:
        yield (*path, "hours"), unknown("calendar", name, known), False


def _clocks(queue: Table, path: Path, calendars: Collection[str]) -> Iterator[Finding]:
    if clocks := table(queue, "clocks"):
        yield from _calendar(clocks, path, calendars)
        if not {"first_reply_s", "next_reply_s", "resolution_s"} & clocks.entries.keys():
            yield path, "promises nothing; give first_reply_s, next_reply_s or resolution_s", True


def _closings(root: Node, queues: Collection[str]) -> Iterator[Finding]:
    """Where closed queues lead: somewhere, and never back."""
    leads: dict[str, str] = {}
    for name, queue in entries(root, "queues"):
        if closed := table(queue, "closed"):
            yield from _queue(closed, ("queues", name, "closed"), "queue", queues)
            leads[name] = word(closed, "queue")
            if "hours" not in queue.entries:
                yield ("queues", name, "closed"), "means nothing without `hours`", True
    for name, first in leads.items():
        passed, at = {name}, first
        while at in leads and at not in passed:
            passed.add(at)
            at = leads[at]
        if at == name:
            yield ("queues", name, "closed", "queue"), f"leads back to `{name[:80]}`", False


def _languages(root: Node, skills: Collection[str]) -> Iterator[Finding]:
    language = table(root, "language")
    if language is None:
        return
    told = [name for _, name in named(language, "of")]
    group = word(language, "skill")
    for at, name in enumerate(told):
        if name in told[:at]:
            yield ("language", "of", at), f"`{name[:20]}` is said twice", False
        elif group.endswith(GROUP) and f"{group[:-1]}{name}" not in skills:
            yield ("language", "of", at), unknown("skill", f"{group[:-1]}{name}", skills), False
    otherwise = word(language, "otherwise")
    if otherwise and otherwise not in told:
        yield ("language", "otherwise"), f"must be one of `of`: {', '.join(told)[:200]}", False
    for key in () if group else ("level", "otherwise"):
        if key in language.entries:
            yield ("language", key), "means nothing without `skill`", True


def _fallback(root: Node) -> str:
    """As `Config.fallback_language`, of a file that may be wrong elsewhere."""
    language = table(root, "language")
    if language is None:
        return tells.DEFAULT_LANGUAGE
    first = next((name for _, name in named(language, "of")), tells.DEFAULT_LANGUAGE)
    return word(language, "otherwise") or first


def _repeated(root: Node) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for at, rule in items(root, "rules"):
        name = rule.entries.get("name")
        if isinstance(name, Scalar) and isinstance(name.value, str) and first.setdefault(name.value, at) != at:
            yield ("rules", at, "name"), f"rules[{first[name.value]}] is called `{name.value[:80]}` too", False
