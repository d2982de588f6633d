"""The rule engine of a configuration, with all that it needs: CEL, and the detectors that the file asks for."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import structlog

from trunkline.config.cel import Cel
from trunkline.config.model import Config, Languages
from trunkline.config.rules import RuleEngine, RuleFailure
from trunkline.intent import Classifier
from trunkline.language import Deaf, Detector, Eldc

log = structlog.get_logger()


def engine_of(config: Config, *, on_failure: Callable[[RuleFailure], None] | None = None) -> RuleEngine:
    """The engine that routes by this file. InvalidExpression if it was loaded without looking at its rules."""
    classifier = Classifier(config.intents.examples) if config.intents is not None else None
    return RuleEngine(
        config, Cel(), detector=_detector_of(config.language), classifier=classifier, on_failure=on_failure
    )  # fmt: skip


def tells_languages() -> bool:
    """Is the detector installed? It has no wheel for Linux on ARM."""
    return find_spec("eldc") is not None


def _detector_of(languages: Languages | None) -> Detector:
    if languages is None:
        return Deaf()
    if not tells_languages():
        log.warning("languages_not_told", why="eldc is not installed: it has no wheel for this machine")
        return Deaf()
    return Eldc(languages.of)
