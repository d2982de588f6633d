"""Files that cannot be used: what each is, and exactly what is said of it and where."""

from __future__ import annotations

# ruff: noqa: E501 - a table reads best with a row per line
# fmt: off

SOUND = """\
default_queue: support
queues:
  support: {title: Support}
skills:
  lang.tr: {title: Turkish}
"""

CALENDARS = "calendars:\n  office: {zone: Europe/Riga, week: {mon: [09:00-18:00]}, holidays: [LV]}\n"

ACCOUNT = (
    SOUND
    + """\
accounts:
  post-main:
    channel: pigeon
    settings:
      loft: north-tower
      ring: secret
      birds: 3
"""
)


TELLS = """\
default_queue: support
queues:
  support:
    {title: Support, tells: {queued: {en: Soon}, overflow: {en: Write}}, widening: [{after_s: 9, tell: overflow}]}
"""


def _rule(when: str) -> str:
    return SOUND + f"rules:\n  - name: one\n    when: {when}\n    queue: support\n"


SYNTAX = [
    ("an empty file", "", "1:1: the file is empty"),
    ("only a comment", "# nothing\n", "1:1: the file is empty"),
    ("a list", "- 1\n", "1:1: should be a mapping (key: value)"),
    ("a bracket never closed", "queues: [a\n", "2:1: not YAML: did not find expected ',' or ']' while parsing a flow sequence"),
    ("a tab", "queues:\n\tsupport: {}\n", "2:1: a tab cannot indent YAML; use spaces"),
    ("two documents", SOUND + "---\na: 1\n", "6:1: a second document begins here; the file is one document"),
    ("a control character", "a: b\nc: \x07\n", "2:4: the control character U+0007 is not allowed"),
    ("Latin-1", b"a: b\nc: caf\xe9\n", "2:7: not UTF-8 text"),
    ("an alias", SOUND.replace("{title: Support}", "&a {title: Support}"), "3:12: queues.support: anchors and aliases are not read here"),
    ("a tag", SOUND.replace("Support}", "!!python/name:os.system Support}"), "3:20: queues.support.title: tags (!…) are not read here"),
    ("a key said twice", SOUND + "default_queue: sales\n", "6:1: default_queue: `default_queue` is said twice, first in line 1"),
    ("a number as key", SOUND + "1: x\n", "6:1: a key must be a word; put it in quotes if it is"),
    ("nested too deep", "a: " + "[" * 40 + "\n", "1:20: a[0][0]: nested more than 16 deep"),
]

LAYOUT = [
    ("nothing of what is needed", "skills: {}\n", "1:1: `default_queue` is missing\n1:1: `queues` is missing"),
    ("a key misspelt", SOUND.replace("title: Support", "titel: Support"), "3:3: queues.support: `title` is missing\n3:13: queues.support.titel: unknown key `titel`; did you mean `title`?"),
    ("a section misspelt", SOUND + "rule: []\n", "6:1: rule: unknown key `rule`; did you mean `rules`?"),
    ("text for a number", SOUND.replace("{title: Support}", "{title: Support, target_s: soon}"), "3:39: queues.support.target_s: should be a valid integer"),
    ("a number in quotes", SOUND.replace("{title: Support}", "{title: Support, target_s: '60'}"), "3:39: queues.support.target_s: should be a valid integer"),
    ("a target of nothing", SOUND.replace("{title: Support}", "{title: Support, target_s: 0}"), "3:39: queues.support.target_s: should be greater than or equal to 1"),
    ("a level above ten", SOUND.replace("{title: Support}", "{title: Support, requires: {lang.tr: 11}}"), "3:49: queues.support.requires.lang.tr: should be less than or equal to 10"),
    ("a queue with a capital", SOUND.replace("  support:", "  Support:").replace("queue: support", "queue: Support"), "1:16: default_queue: NAMES\n3:3: queues.Support: NAMES"),
    ("rules as a mapping", SOUND + "rules: {a: b}\n", "6:8: rules: should be a list"),
    ("a language that nobody can tell", SOUND + "language: {of: [tr, xx]}\n", "6:21: language.of[1]: there is no language `xx` that can be told; there are LANGUAGES"),
    ("no language", SOUND + "language: {of: []}\n", "6:16: language.of: tuple should have at least 1 item after validation, not 0"),
    ("a skill for all languages", SOUND + "language: {of: [tr], skill: lang.tr}\n", "6:29: language.skill: write a group of skills, as lang.*"),
    ("no such country", SOUND + CALENDARS.replace("[LV]", "[LV, XX]"), "7:74: calendars.office.holidays[1]: no holidays of `XX` are known; write a country, as LV, or a part of one, as DE-BY"),
    ("no such part of a country", SOUND + CALENDARS.replace("[LV]", "[DE-ZZ]"), "7:70: calendars.office.holidays[0]: no holidays of `DE-ZZ` are known; write a country, as LV, or a part of one, as DE-BY"),
    ("no such day", SOUND + CALENDARS.replace("[LV]", "[LV], dates: {02-30: []}"), "7:83: calendars.office.dates.02-30: a date is 2026-12-24, or 12-24 for every year"),
    ("a day's spans that are none", SOUND + CALENDARS.replace("[LV]", "[LV], dates: {12-24: [9-13]}"), "7:91: calendars.office.dates.12-24[0]: write 09:00-17:30, up to 24:00"),
    ("no such time zone", SOUND + CALENDARS.replace("Europe/Riga", "Riga"), "7:18: calendars.office.zone: 'Riga' is no time zone such as Europe/Riga"),
    ("one intent alone", SOUND + "intents: {examples: {refund: [a b, c d]}}\n", "6:21: intents.examples: dictionary should have at least 2 items after validation, not 1"),
    ("an intent of one example", SOUND + "intents: {examples: {refund: [money], other: [hello, bye]}}\n", "6:30: intents.examples.refund: tuple should have at least 2 items after validation, not 1"),
    ("an example without a word", SOUND + "intents: {examples: {refund: [a b, c d, 42], other: [hello, bye, '!']}}\n", "6:41: intents.examples.refund[2]: should be a valid string\n6:66: intents.examples.other[2]: there is no word in it"),
    ("examples without end", SOUND + "intents: {examples: {refund: [" + ", ".join(["money"] * 499) + "], other: [hello, bye]}}\n", "6:10: intents: 501 examples of 2503 characters; at most 500 of 20000 together"),
    ("more than sure", SOUND + "intents: {examples: {refund: [a b, c d], other: [e f, g h]}, sure: 80}\n", "6:68: intents.sure: should be less than or equal to 1"),
    ("a rule that decides nothing", SOUND + "rules:\n  - name: one\n    when: 'true'\n", "7:5: rules[0]: the rule decides nothing; give a queue, requires, prefers, priority, weight or target_s"),
    ("work both to give way and to be alone", SOUND + "channels: {pigeon: {interruptible: true, exclusive: true}}\n", "6:20: channels.pigeon: work that gives way cannot want the agent alone; choose one"),
    ("work that wants the agent alone, and quiet", SOUND + "channels: {pigeon: {exclusive: true, quiet: {after_s: 60}}}\n", "6:20: channels.pigeon: work that wants the agent alone has them alone also while the customer is silent"),
    ("a silence of no length", SOUND + "channels: {pigeon: {quiet: {after_s: 0}}}\n", "6:38: channels.pigeon.quiet.after_s: should be greater than or equal to 1"),
    ("a silence of a length unsaid", SOUND + "channels: {pigeon: {quiet: {weight: 0}}}\n", "6:21: channels.pigeon.quiet: `after_s` is missing"),
    ("ramping up by nothing a minute", SOUND + "ramp_up: {for_s: 60, per_minute: 0}\n", "6:34: ramp_up.per_minute: should be greater than or equal to 1"),
    ("ramping up for ever", SOUND + "ramp_up: {for_s: 86400, per_minute: 1}\n", "6:18: ramp_up.for_s: should be less than or equal to 3600"),
    ("several are asked, and nobody", SOUND.replace("{title: Support}", "{title: Support, offer_to: 2, auto_accept: true}"), "3:12: queues.support: with auto_accept nobody is asked: leave out offer_to"),
    ("a whole team is asked", SOUND.replace("{title: Support}", "{title: Support, offer_to: 11}"), "3:39: queues.support.offer_to: should be less than or equal to 10"),
    ("a policy nobody knows", SOUND.replace("{title: Support}", "{title: Support, policy: fairest}"), "3:37: queues.support.policy: there is no policy of that name; there are index, longest-idle, least-loaded, best-skilled, round-robin"),
    ("a policy of nothing", SOUND.replace("{title: Support}", "{title: Support, policy: {load: 0}}"), "3:37: queues.support.policy: a policy in which nothing weighs anything puts nobody in order"),
    ("a policy's weight misspelt", SOUND.replace("{title: Support}", "{title: Support, policy: {lode: 1}}"), "3:38: queues.support.policy.lode: unknown key `lode`; did you mean `load`?"),
    ("a rule's name given twice", SOUND + "rules:\n  - {name: a, when: true, queue: support}\n  - {name: a, when: true, weight: 2}\n", "8:12: rules[1].name: rules[0] is called `a` too"),
]

NAMES = [
    ("a text of an unknown kind", TELLS.replace("queued:", "queud:"), "4:30: queues.support.tells.queud: unknown key `queud`"),
    ("a text in a language that nobody can tell", TELLS.replace("{en:", "{xx: Hm, en:"), "4:39: queues.support.tells.queued.xx: there is no language `xx` that can be told; there are LANGUAGES\n4:69: queues.support.tells.overflow.xx: there is no language `xx` that can be told; there are LANGUAGES"),
    ("a text that says nothing", TELLS.replace("Soon", "''"), "4:43: queues.support.tells.queued.en: string should have at least 1 character"),
    ("a step that tells what steps cannot", TELLS.replace("tell: overflow", "tell: shut"), "4:104: queues.support.widening[0].tell: should be 'overflow' or 'callback'"),
    ("a text lacking the language of the others", TELLS.replace("{en:", "{tr:"), "4:30: queues.support.tells.queued: lacks `en`, which is said to who writes another language\n4:50: queues.support.tells.overflow: lacks `en`, which is said to who writes another language"),
    ("a text lacking the language that the file names", TELLS + "language: {of: [tr]}\n", "4:30: queues.support.tells.queued: lacks `tr`, which is said to who writes another language\n4:50: queues.support.tells.overflow: lacks `tr`, which is said to who writes another language"),
    ("a variable that no text knows", TELLS.replace("Soon", "'Soon, {name}'"), "4:43: queues.support.tells.queued.en: `queued` knows no {name}; there are {mail}, {queue}"),
    ("a time that this text does not have", TELLS.replace("Soon", "'At {opens}'"), "4:43: queues.support.tells.queued.en: `queued` knows no {opens}; there are {mail}, {queue}"),
    ("an address that the queue does not have", TELLS.replace("Soon", "'To {mail}'"), "4:43: queues.support.tells.queued.en: says {mail}, but the queue has no `mail`"),
    ("words for a closed queue that is always open", TELLS.replace("queued:", "closed:"), "4:30: queues.support.tells.closed: means nothing without `hours`"),
    ("words for a time alone", TELLS.replace("queued:", "shut_until:"), "4:30: queues.support.tells.shut_until: needs `shut` beside it: it may be shut until somebody opens it"),
    ("a step without its words", TELLS.replace("overflow: {en: Write}", "callback: {en: Call}"), "4:103: queues.support.widening[0].tell: the queue has no text for it; give `tells: {overflow: …}`"),
    ("an address that is none", TELLS.replace("title: Support", "title: Support, mail: nobody"), "4:28: queues.support.mail: write an address, as help@shop.example"),
    ("a step before the last agent's time is over", SOUND.replace("{title: Support}", "{title: Support, sticky_s: 60, widening: [{after_s: 30, supervisors: true}]}"), "3:64: queues.support.widening[0].after_s: must be more than the 60 of `sticky_s`"),
    ("a skill in the name of an agent", SOUND.replace("skills:\n", "skills:\n  agent.ana: {title: Ana}\n"), "5:3: skills.agent.ana: names that begin with `agent.` are the agents' own"),
    ("an unknown default queue", SOUND.replace("queue: support", "queue: suport"), "1:16: default_queue: there is no queue `suport`; did you mean `support`?"),
    ("an unknown queue in a rule", _rule("true").replace("queue: support\n", "queue: sales\n").replace("default_queue: sales", "default_queue: support"), "9:12: rules[0].queue: there is no queue `sales`; there are support"),
    ("an unknown skill in a rule", _rule("true") + "    requires: {lang.lv: 3}\n", "10:16: rules[0].requires.lang.lv: there is no skill `lang.lv`; did you mean `lang.tr`?"),
    ("an escalation that leads nowhere", SOUND.replace("{title: Support}", "{title: Support, escalation: {queue: seniors}}"), "3:49: queues.support.escalation.queue: there is no queue `seniors`; there are support"),
    ("an escalation to an unknown skill", SOUND.replace("{title: Support}", "{title: Support, escalation: {requires: {vip: 1}}}"), "3:53: queues.support.escalation.requires.vip: there is no skill `vip`; there are lang.tr"),
    ("a widening by an unknown skill", SOUND.replace("{title: Support}", "{title: Support, widening: [{after_s: 9, lower: {vip: 1}}]}"), "3:61: queues.support.widening[0].lower.vip: there is no skill `vip`; there are lang.tr"),
    ("a widening that drops an unknown group", SOUND.replace("{title: Support}", "{title: Support, widening: [{after_s: 9, drop: [land.*]}]}"), "3:60: queues.support.widening[0].drop[0]: there is no skill `land.*`; did you mean `lang.tr`?"),
    ("a widening by an unknown queue", SOUND.replace("{title: Support}", "{title: Support, widening: [{after_s: 9, queues: [sale]}]}"), "3:62: queues.support.widening[0].queues[0]: there is no queue `sale`; there are support"),
    ("a widening that changes nothing", SOUND.replace("{title: Support}", "{title: Support, widening: [{after_s: 9}]}"), "3:40: queues.support.widening[0]: the step changes nothing; give lower, drop, queues, supervisors or tell"),
    ("a widening that goes back in time", SOUND.replace("{title: Support}", "{title: Support, widening: [{after_s: 9, drop: [lang.tr]}, {after_s: 9, drop: [lang.*]}]}"), "3:81: queues.support.widening[1].after_s: must be more than the 9 of the step before"),
    ("an unknown skill in a queue", SOUND.replace("{title: Support}", "{title: Support, requires: {vip: 1}}"), "3:40: queues.support.requires.vip: there is no skill `vip`; there are lang.tr"),
    ("languages without their skills", SOUND + "language: {of: [tr, lv], skill: lang.*}\n", "6:21: language.of[1]: there is no skill `lang.lv`; did you mean `lang.tr`?"),
    ("a language said twice", SOUND + "language: {of: [tr, tr]}\n", "6:21: language.of[1]: `tr` is said twice"),
    ("a language for the others that is none of them", SOUND + "language: {of: [tr], skill: lang.*, otherwise: en}\n", "6:48: language.otherwise: must be one of `of`: tr"),
    ("a level of nothing", SOUND + "language: {of: [tr], level: 3}\n", "6:22: language.level: means nothing without `skill`"),
    ("an unknown calendar of a queue", SOUND.replace("{title: Support}", "{title: Support, hours: office}"), "3:36: queues.support.hours: there is no calendar `office`; there are none"),
    ("an unknown calendar of an account", ACCOUNT + "    hours: offise\n" + CALENDARS, "13:12: accounts.post-main.hours: there is no calendar `offise`; did you mean `office`?"),
    ("an unknown calendar of clocks", SOUND.replace("{title: Support}", "{title: Support, clocks: {hours: offise, first_reply_s: 60}}") + CALENDARS, "3:45: queues.support.clocks.hours: there is no calendar `offise`; did you mean `office`?"),
    ("clocks that promise nothing", SOUND.replace("{title: Support}", "{title: Support, clocks: {hours: office}}") + CALENDARS, "3:29: queues.support.clocks: promises nothing; give first_reply_s, next_reply_s or resolution_s"),
    ("a clock of two months", SOUND.replace("{title: Support}", "{title: Support, clocks: {resolution_s: 5184000}}"), "3:52: queues.support.clocks.resolution_s: should be less than or equal to 2592000"),
    ("an unknown clock", SOUND.replace("{title: Support}", "{title: Support, clocks: {first_answer_s: 60}}"), "3:29: queues.support.clocks: promises nothing; give first_reply_s, next_reply_s or resolution_s\n3:38: queues.support.clocks.first_answer_s: unknown key `first_answer_s`"),
    ("hours said twice of an account", ACCOUNT + "      hours: never\n    hours: office\n" + CALENDARS, "13:7: accounts.post-main.settings.hours: unknown key `hours`; there are birds, loft, ring, routes\n14:5: accounts.post-main.hours: its settings have hours of their own; give one of the two"),
    ("a closed queue that is always open", SOUND.replace("{title: Support}", "{title: Support, closed: {queue: support}}"), "3:29: queues.support.closed: means nothing without `hours`\n3:45: queues.support.closed.queue: leads back to `support`"),
    ("a closed queue that leads nowhere", SOUND.replace("{title: Support}", "{title: Support, hours: office, closed: {queue: night}}") + CALENDARS, "3:60: queues.support.closed.queue: there is no queue `night`; there are support"),
    ("closed queues in a circle", SOUND.replace("skills:", "  night: {title: Night, hours: office, closed: {queue: support}}\nskills:").replace("{title: Support}", "{title: Support, hours: office, closed: {queue: night}}") + CALENDARS, "3:60: queues.support.closed.queue: leads back to `support`\n4:56: queues.night.closed.queue: leads back to `night`"),
    ("room of an unknown channel", ACCOUNT + "channels: {pigoen: {most: 2}}\n", "13:12: channels.pigoen: there is no channel `pigoen`; did you mean `pigeon`?"),
    ("an unknown channel", ACCOUNT.replace("pigeon", "pigoen"), "8:14: accounts.post-main.channel: there is no channel `pigoen`; did you mean `pigeon`?"),
    ("an unknown queue of an account", ACCOUNT + "    queue: nowhere\n", "13:12: accounts.post-main.queue: there is no queue `nowhere`; there are support"),
]

SETTINGS = [
    ("a text longer than an account's channel takes", ACCOUNT.replace("{title: Support}", "{title: Support, tells: {queued: {en: " + "a" * 201 + "}}}"), "3:50: queues.support.tells.queued.en: up to 201 characters with its variables; pigeon takes 200"),
    ("a text that its variables may make too long", ACCOUNT.replace("{title: Support}", "{title: Support, hours: office, tells: {closed: {en: '" + "a" * 160 + " {opens}'}}}") + CALENDARS, "3:65: queues.support.tells.closed.en: up to 209 characters with its variables; pigeon takes 200"),
    ("an unknown setting", ACCOUNT + "      lofft: x\n", "13:7: accounts.post-main.settings.lofft: unknown key `lofft`; did you mean `loft`?"),
    ("a setting left out", ACCOUNT.replace("      loft: north-tower\n", ""), "9:5: accounts.post-main.settings: `loft` is missing"),
    ("no settings at all", SOUND + "accounts:\n  post-main: {channel: pigeon}\n", "7:3: accounts.post-main.settings: `loft` is missing\n7:3: accounts.post-main.settings: `ring` is missing"),
    ("a setting of the wrong kind", ACCOUNT.replace("birds: 3", "birds: many"), "12:14: accounts.post-main.settings.birds: should be a valid integer, unable to parse string as an integer"),
    ("a variable that is not set", ACCOUNT.replace("secret", "${MISSING}"), "11:13: accounts.post-main.settings: the environment has no MISSING; set it, or give a default: ${MISSING:-…}"),
    ("a variable never closed", ACCOUNT.replace("secret", "'${MISSING'"), "11:13: accounts.post-main.settings: `${` begins a reference like ${NAME} or ${NAME:-default}; write `$${` for the characters"),
    ("a secret that the channel refuses by name", ACCOUNT.replace("secret", "${BAD_RING}"), "11:13: accounts.post-main.settings.ring: no bird wears ${BAD_RING}"),
]

RULES = [
    ("no expression", _rule("'  '"), "8:14: rules[0].when: Syntax error: mismatched input '<EOF>'"),
    ("a name misspelt", _rule("message.txt == 'a'"), "8:11: rules[0].when: there is no `message.txt`; did you mean `message.text`?"),
    ("two names misspelt", _rule("message.txt == 'a' || history.knwon"), "8:11: rules[0].when: there is no `message.txt`; did you mean `message.text`?\n8:33: rules[0].when: there is no `history.knwon`; did you mean `history.known`?"),
    ("another type", _rule("message.channel == 3"), "8:27: rules[0].when: `==` does not go with (string, int)"),
    ("not yes or no", _rule("message.text"), "8:11: rules[0].when: a rule's condition is true or false; this is a value of type string"),
    ("not even text", _rule("3"), "8:11: rules[0].when: should be a valid string"),
    ("after letters beyond ASCII", _rule("true && 'ğ😀' == message.txt"), "8:27: rules[0].when: there is no `message.txt`; did you mean `message.text`?"),
    ("in single quotes", _rule("'message.words == [''a''] || message.txt'"), "8:40: rules[0].when: there is no `message.txt`; did you mean `message.text`?"),
    ("in double quotes", _rule(r'"\x41 == \"\u0041\" && message.txt"'), "8:12: rules[0].when: there is no `A`; there are VARIABLES\n8:34: rules[0].when: there is no `message.txt`; did you mean `message.text`?"),
    ("in a literal block", _rule("|\n      true &&\n        message.txt == 'a'"), "10:9: rules[0].when: there is no `message.txt`; did you mean `message.text`?"),
    ("in a folded block", _rule(">-  # folded\n\n      true &&\n\n      message.txt == 'a'"), "12:7: rules[0].when: there is no `message.txt`; did you mean `message.text`?"),
    ("over plain lines", _rule("true &&\n      message.txt == 'a'"), "9:7: rules[0].when: there is no `message.txt`; did you mean `message.text`?"),
    ("a broken pattern", _rule("message.text.matches('(')"), "8:32: rules[0].when: invalid regular expression: missing ): ("),
    ("a pattern from a customer", _rule("true && 'a'.matches(message.text)"), "8:23: rules[0].when: write it as text.matches('pattern'), the pattern in quotes"),
    ("a function that is not there", _rule("message.text.lower() == 'a'"), "8:24: rules[0].when: there is no `lower`; did you mean `lowerAscii`?"),
    ("a function that may not be used", _rule("message.text.replace('a', message.text) == ''"), "8:24: rules[0].when: there is no function `replace` in rules; there are FUNCTIONS"),
    ("loops in a loop", _rule("'[1].exists(x, [2].exists(y, x == y))'"), "8:30: rules[0].when: `exists` inside another loop; its cost would multiply"),
    ("a pattern in a loop", _rule("'[1].exists(x, message.text.matches(\"a\"))'"), "8:39: rules[0].when: `matches` inside another loop; its cost would multiply"),
    ("repetitions that multiply", _rule("message.text.matches('((.{0,30}){30})9')"), "8:32: rules[0].when: counted repetitions multiply to 900; at most 100"),
    ("a class of all letters", _rule("message.text.matches('[^\\\\pL]')"), "8:32: rules[0].when: \\p{…} costs 2 ms per message; use message.words"),
    ("brackets without end", _rule("'" + "(" * 1_500 + "'"), "8:12: rules[0].when: Expression recursion limit exceeded. limit: 32"),
    ("an endless expression", _rule("'" + "true || " * 300 + "true'"), "8:12: rules[0].when: the expression has 2404 characters; at most 2000"),
]
