"""The container files name things that exist. They cannot be run where our tests run."""

import configparser
import re
import shlex
from pathlib import Path

import pytest
import yaml

from scripts import paths

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
BUILT = {name: service for name, service in SERVICES.items() if "build" in service}


def instructions(word):
    """Arguments of all instructions of one kind in the Dockerfile, as lists of words."""
    text = (DOCKER / "Dockerfile").read_text().replace("\\\n", " ")
    return [shlex.split(line)[1:] for line in text.splitlines() if line.startswith(f"{word} ")]


def stages():
    """Names of the Dockerfile's build stages."""
    return {words[2] for words in instructions("FROM") if len(words) == 3}


def test_everything_that_is_copied_exists():
    for *sources, _target in instructions("COPY"):
        for source in sources:
            assert (ROOT / source).exists(), source


def test_every_module_is_in_the_image_but_for_those_of_tests():
    copied = {words[0] for words in instructions("COPY")}
    assert set(paths.modules()) <= copied
    assert not copied & set(paths.test_modules())


def test_the_image_is_the_official_one():
    assert instructions("FROM")[0] == ["odoo:19", "AS", "base"]


@pytest.mark.parametrize("name", BUILT)
def test_builds_name_an_existing_context_file_and_stage(name):
    build = BUILT[name]["build"]
    context = (DOCKER / build["context"]).resolve()
    assert context == ROOT
    assert (context / build["dockerfile"]).is_file()
    assert build["target"] in stages()


@pytest.mark.parametrize("name", SERVICES)
def test_services_depend_on_services(name):
    assert set(SERVICES[name].get("depends_on", {})) <= set(SERVICES)


@pytest.mark.parametrize("name", SERVICES)
def test_volumes_are_declared_or_exist(name):
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        assert source in COMPOSE["volumes"] or (DOCKER / source).exists()


@pytest.mark.parametrize("name", SERVICES)
def test_health_conditions_have_a_health_check(name):
    for other, options in SERVICES[name].get("depends_on", {}).items():
        if options["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]


def test_simulators_start_only_with_their_profile():
    assert {name for name, service in SERVICES.items() if "profiles" in service} == {
        "uccx",
        "simulator-db",
    }


def test_no_secret_is_written_down_for_production_services():
    passwords = [
        value
        for name, service in SERVICES.items()
        if "profiles" not in service
        for key, value in service.get("environment", {}).items()
        if "PASSWORD" in key
    ]
    assert passwords
    assert all(value.startswith("${POSTGRES_PASSWORD:?") for value in passwords)


def test_scheduled_actions_run_in_the_cron_service_only():
    assert "--max-cron-threads=0" in SERVICES["web"]["command"]
    assert "--no-http" in SERVICES["cron"]["command"]


def test_scheduled_actions_run_in_processes_that_are_watched():
    """Threads of Odoo do not outlive a restart of PostgreSQL (X5)."""
    service = SERVICES["cron"]
    assert "--workers=0" not in service["command"]
    assert any(word.startswith("--workers=") for word in service["command"])
    assert "/opt/feeder_age.py" in service["healthcheck"]["test"][-1]
    assert ["docker/feeder_age.py", "/opt/feeder_age.py"] in instructions("COPY")


def test_installed_modules_exist():
    options = " ".join(SERVICES["install"]["command"])
    for modules in re.findall(r"--(?:init|update)=(\S+)", options):
        for module in modules.split(","):
            assert (ROOT / module / "__manifest__.py").is_file()


@pytest.mark.parametrize(
    "path", [DOCKER / "odoo.conf", ROOT / "odoo.conf.example"], ids=lambda path: path.name
)
def test_configuration_files_parse(path):
    parser = configparser.RawConfigParser()
    parser.read(path)
    assert parser.sections() == ["options"]
