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
# The only folder that its reader makes.
CERTIFICATES = "./tls"
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
        is_there = source in COMPOSE["volumes"] or (DOCKER / source).exists()
        assert is_there or source == CERTIFICATES, source


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


def test_packages_of_the_image_stay_as_they_are():
    """A newer cryptography beside the image's pyOpenSSL kept Odoo from starting (Y3)."""
    text = (DOCKER / "Dockerfile").read_text()
    assert "--ignore-installed" not in text
    assert "--system-site-packages" in text
    assert 'python3 -c "import OpenSSL, odoo.addons.base' in text


def test_every_module_is_installed():
    [modules] = re.findall(r"--init=(\S+)", " ".join(SERVICES["install"]["command"]))
    dependencies = {"ecm_campaign"}
    assert set(modules.split(",")) | dependencies == set(paths.modules())


def test_only_the_proxy_can_be_reached():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]


@pytest.mark.parametrize("name", ["db", "web", "cron", "proxy"])
def test_what_runs_for_long_is_watched_and_comes_back(name):
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"]


@pytest.mark.parametrize("name", ["db", "web", "cron"])
def test_what_has_begun_may_end(name):
    """Docker's own ten seconds are less than a request to a dialer may take."""
    assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) >= 60


def test_all_processes_find_a_connection():
    """Workers, processes for scheduled actions, the one for web sockets, and the master (Y14)."""
    processes = 0
    for name in ("web", "cron"):
        options = dict(re.findall(r"--([a-z-]+)=(\d+)", " ".join(SERVICES[name]["command"])))
        processes += int(options["workers"]) + int(options["max-cron-threads"]) + 2
    parser = configparser.RawConfigParser()
    parser.read(DOCKER / "odoo.conf")
    allowed = re.search(r"max_connections=(\d+)", " ".join(SERVICES["db"]["command"]))
    # Some are PostgreSQL's own.
    assert processes * parser.getint("options", "db_maxconn") <= int(allowed[1]) - 5


def test_the_proxy_leads_web_sockets_and_uploads_to_odoo():
    text = (DOCKER / "nginx.conf").read_text()
    assert text.count("{") == text.count("}")
    blocks = dict(re.findall(r"location (\S+) \{(.*?)\}", text, re.DOTALL))
    assert "proxy_pass http://odoo-websocket;" in blocks["/websocket"]
    assert "Upgrade $http_upgrade" in blocks["/websocket"]
    assert "proxy_pass http://odoo;" in blocks["/"]
    assert re.search(r"upstream odoo-websocket \{\s*server web:8072;", text)
    # The upload's limit and the form around it.
    [largest] = re.findall(r"client_max_body_size (\d+)m;", text)
    limit = re.search(r"MAX_UPLOAD_MB = (\d+)", (ROOT / "ecm_campaign/const.py").read_text())
    assert int(largest) > int(limit[1])
    # Not shorter than Odoo lets a request last.
    for name in ("docker/odoo.conf", "odoo.conf.example"):
        parser = configparser.RawConfigParser()
        parser.read(ROOT / name)
        assert f"proxy_read_timeout {parser.get('options', 'limit_time_real')}s;" in text


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
