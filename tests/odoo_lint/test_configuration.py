"""The configuration files we ship use options that Odoo has, with values it takes."""

import configparser
from pathlib import Path

import pytest

from odoo.tools import config

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["odoo.conf.example", "docker/odoo.conf"])
def test_options_are_known_to_odoo(name):
    parser = configparser.RawConfigParser()
    parser.read(ROOT / name)
    options = dict(parser.items("options"))
    unknown = set(options) - set(config.options_index)
    assert not unknown
    for option, value in options.items():
        if not option.endswith("_path"):
            config.parse(option, value)
