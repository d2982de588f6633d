from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import pytest

from trunkline.channels.base import API_VERSION
from trunkline.channels.registry import GROUP, RegistryError, load
from trunkline.channels.twilio import TwilioSms


class Older(TwilioSms):
    manifest = TwilioSms.manifest.model_copy(update={"api": API_VERSION - 1})


class Partial:
    manifest = TwilioSms.manifest


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group=GROUP)


def installed(folder: Path, package: str, line: str) -> list[EntryPoint]:
    info = folder / f"{package}-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{line}\n")
    return [entry for found in distributions(path=[str(folder)]) for entry in found.entry_points]


def test_the_built_in_channel_is_found_as_a_third_partys_would_be() -> None:
    assert isinstance(load()["twilio-sms"], TwilioSms)


def test_two_packages_that_claim_one_channel_are_both_named(tmp_path: Path) -> None:
    line = "twilio-sms = trunkline.channels.twilio:TwilioSms"
    points = installed(tmp_path / "a", "acme", line) + installed(tmp_path / "b", "rival", line)

    with pytest.raises(RegistryError, match=r"claimed twice.*acme.*rival"):
        load(points)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("other-sms", "trunkline.channels.twilio:TwilioSms", "calls itself 'twilio-sms'"),
        ("twilio-sms", f"{__name__}:Older", f"is for SDK {API_VERSION - 1}; this is SDK {API_VERSION}"),
        ("twilio-sms", f"{__name__}:Partial", "lacks part of the Channel protocol"),
        ("twilio-sms", f"{__name__}:Absent", "cannot be loaded"),
        ("twilio-sms", "no.such.package:Channel", "cannot be loaded"),
        ("twilio-sms", f"{__name__}:point", "cannot be loaded"),
    ],
)
def test_a_channel_that_cannot_be_used_stops_the_start(name: str, value: str, sentence: str) -> None:
    assert __name__ in sys.modules

    with pytest.raises(RegistryError, match=sentence):
        load([point(name, value)])
