"""A process dies where it is told to; every point is in the code once, is explained, and is tried."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = (
    "ecm_campaign",
    "ecm_dialer_cisco",
    "ecm_import_source",
    "ecm_sms",
    "ecm_email",
    "ecm_callback",
    "ecm_agent",
)
PROGRAM = """
import runpy
reach = runpy.run_path("ecm_campaign/tools/crash_points.py")["reach"]
for name in ("feed.claimed", "feed.sent", "feed.sent"):
    reach(name)
    print(name, flush=True)
"""


def names_in(text, pattern):
    return re.findall(pattern, text, re.MULTILINE)


def code():
    for module in MODULES:
        yield from (ROOT / module).rglob("*.py")


def test_each_point_is_in_the_code_once_and_explained():
    in_code = Counter()
    for path in code():
        in_code.update(names_in(path.read_text(), r'^ +reach\("([a-z_.]+)"\)$'))
    explained = names_in((ROOT / "docs/crash-points.md").read_text(), r"^\| `([a-z_.]+)` \| \w")
    assert set(in_code.values()) == {1}
    assert sorted(in_code) == sorted(explained)


@pytest.fixture
def come_through(tmp_path):
    """Run a program that comes to three points; what it printed, its status, and what is left of
    the order.
    """
    order = tmp_path / "order"

    def run(text):
        if text is not None:
            order.write_text(text)
        environment = {"ECM_CRASH_POINTS": str(order)}
        command = [sys.executable, "-c", PROGRAM]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        return done.stdout.split(), done.returncode, order.exists()

    return run


def test_a_process_dies_at_the_point_it_is_told(come_through):
    assert come_through("feed.sent") == (["feed.claimed"], -9, False)
    assert come_through("feed.sent 2") == (["feed.claimed", "feed.sent"], -9, False)


def test_without_an_order_nobody_dies(come_through):
    everything = ["feed.claimed", "feed.sent", "feed.sent"]
    assert come_through(None) == (everything, 0, False)
    assert come_through("feed.noted") == (everything, 0, True)
