"""The REST API on real servers: its document is kept, a POST is done once whoever repeats it, a limit
holds over all servers, a database that is away is told so, and nothing grows.
"""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from scripts import databases, paths, templates
from scripts.odoo_server import OdooServer
from tests.e2e.rest_house import (
    ROOT,
    call,
    make_campaign,
    make_key,
    make_rpc_key,
    side_by_side,
)
from tests.e2e.soak import Soak

SCHEMATHESIS_SECONDS = 60
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "api.md"
GUIDE = DOCUMENT.parent / "guide" / "developer.md"
# A number may be of the right shape and belong to nobody, a cursor to another list.
NOT_CHECKED = "positive_data_acceptance"


class House:
    """Two servers on one database, and a key."""

    def __init__(self, database):
        self.database = database
        self.servers = [OdooServer(database, cron_threads=0) for _number in range(2)]
        for server in self.servers:
            server.start()
        self.url = self.servers[0].url
        self.client = self.servers[0].client()
        self.secret = make_key(self.client, "Test")
        self.campaign = make_campaign(
            self.servers[0], "By REST", keeps_region_rules=False, duplicate_policy="allow"
        )

    def call(self, method, path, body=None, **options):
        options = {"url": self.url, "secret": self.secret, **options}
        return call(method=method, path=path, body=body, **options)

    def sql(self, statement, *parameters):
        with databases.connect(self.database) as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else None

    def log_text(self):
        return "".join(server.log_text() for server in self.servers)


@pytest.fixture(scope="module")
def house():
    """A database with the suite, kept by all tests of this file."""
    name = f"ecm_e2e_rest_{os.getpid()}"
    templates.new_database(name, demo=True)
    house = House(name)
    yield house
    for server in house.servers:
        server.kill()
    databases.drop(name)


def test_schemathesis_finds_no_server_error_and_no_break_of_the_document(house, tmp_path):
    """What the document promises is kept for whatever a client sends (bounded in time)."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{house.url}{ROOT}/openapi.json"),
        *("--header", f"Authorization: Bearer {house.secret}"),
        *("--phases", "examples,coverage,fuzzing", "--exclude-checks", NOT_CHECKED),
        *("--max-examples", "8", "--max-time", str(SCHEMATHESIS_SECONDS), "--seed", "1"),
        *("--generation-database", "none", "--continue-on-failure", "--warnings", "off"),
    ]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    tried = re.search(r"([\d,]+) generated", result.stdout)
    assert int(tried[1].replace(",", "")) > 100, result.stdout
    assert "Traceback" not in house.log_text()


def test_a_post_is_done_once_however_often_it_is_sent_at_the_same_time(house):
    body = {"campaign_id": house.campaign, "phones": ["+493023125001"], "last_name": "Once"}
    headers = {"Idempotency-Key": "order-4711"}

    def send(server):
        return house.call("POST", "/contacts", body, url=server.url, headers=headers)

    answers = side_by_side(*(lambda server=server: send(server) for server in house.servers * 6))
    done = [answer for answer in answers if answer.status == 201]
    others = [answer for answer in answers if answer.status != 201]
    assert {answer.body["type"] for answer in others} <= {"urn:ecm:problem:in-progress"}
    assert [answer.status for answer in others] == [409] * len(others)
    fresh = [answer for answer in done if "Idempotency-Replayed" not in answer.headers]
    assert len(fresh) == 1
    assert {answer.body["id"] for answer in done} == {fresh[0].body["id"]}
    assert send(house.servers[1]).body == fresh[0].body
    assert house.sql("SELECT count(*) FROM ecm_contact WHERE last_name = 'Once'") == [(1,)]


def test_a_limit_holds_over_all_servers(house):
    limit, calls = 30, 60
    secret = make_key(house.client, "Limited", rate_limit=limit)
    numbers = count()
    begun = time.monotonic()

    def work(server):
        answers = []
        while next(numbers) < calls:
            answers.append(house.call("GET", "/whoami", url=server.url, secret=secret))
        return answers

    parts = side_by_side(*(lambda server=server: work(server) for server in house.servers * 2))
    statuses = [answer.status for part in parts for answer in part]
    filled = 1 + int((time.monotonic() - begun) * limit / 60)
    assert limit <= statuses.count(200) <= limit + filled
    assert set(statuses) == {200, 429}


def test_a_database_that_is_away(house):
    """Not 404, after which a client would give up."""
    name = house.database
    try:
        with databases.connect() as cursor:
            cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        end_connections(house)
        answer = house.call("GET", "/whoami")
        assert (answer.status, answer.body["type"]) == (503, "urn:ecm:problem:busy")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert int(answer.headers["Retry-After"]) > 0
    finally:
        with databases.connect() as cursor:
            cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert house.call("GET", "/whoami").status == 200


def end_connections(house):
    """Have the servers open new ones."""
    with databases.connect() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [house.database],
        )


def test_threads_and_memory_do_not_grow(house):
    """Each call has another path, and caches are cleared between (make bench NAME=soak: 100,000)."""
    soak = Soak(house.servers[0], house.secret, house.client)
    grown = soak.run(calls=3000, clear_every=100)
    assert grown.threads <= 2, grown
    assert grown.files <= 2, grown
    assert grown.megabytes < 15, grown


def test_the_examples_of_the_document_run(house, tmp_path):
    """Each command and program of docs/api.md, as it stands there."""
    text = DOCUMENT.read_text(encoding="utf-8")
    section = text.split("## Examples", 1)[1].split("\n## ", 1)[0]
    assert run_examples(house, section, tmp_path)["python"] >= 1


def test_the_developer_guide_leads_to_results(house, tmp_path):
    """Each command and program of the page, in its order."""
    counts = run_examples(house, GUIDE.read_text(encoding="utf-8"), tmp_path)
    assert counts == {"sh": 5, "python": 6}
    domain = [["crm_campaign_id", "=", "AUTUMN-26"]]
    [campaign] = house.client.call("ecm.campaign", "search_read", domain, ["contact_count"])
    # Two of the call, one by RPC; the file waits for its import.
    assert campaign["contact_count"] == 3


def run_examples(house, text, folder):
    """:return: how many there were of each language"""
    environment = {
        **os.environ,
        "URL": house.url,
        "KEY": house.secret,
        "RPC_KEY": make_rpc_key(house.client),
        "DB": house.database,
        "CAMPAIGN": str(house.campaign),
        "no_proxy": "*",
    }
    blocks = re.findall(r"```(sh|python)\n(.*?)```", text, re.DOTALL)
    for kind, code in blocks:
        command = ["bash", "-euo", "pipefail", "-c", code]
        if kind == "python":
            command = [str(paths.VENV_PYTHON), "-c", code]
        result = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert result.returncode == 0, f"{code}\n{result.stdout}{result.stderr}"
        assert "urn:ecm:problem" not in result.stdout, result.stdout
    return Counter(kind for kind, _code in blocks)


def test_a_number_that_two_bring_at_the_same_time_is_stored_once(house):
    """In bulk and one by one: whoever comes second sees what the first has stored."""
    house.client.call("ecm.campaign", "write", [house.campaign], {"duplicate_policy": "reject"})
    phones = [[f"+4930231260{number:02}"] for number in range(40)]
    many = {"campaign_id": house.campaign, "contacts": [{"phones": one} for one in phones]}

    def send(path, body, server):
        return house.call("POST", path, body, url=server.url)

    work = [partial(send, "/contacts/bulk", many, server) for server in house.servers * 2]
    for server in house.servers:
        one = {"campaign_id": house.campaign, "phones": phones[0]}
        work.append(partial(send, "/contacts", one, server))
    answers = side_by_side(*work)
    assert {answer.status for answer in answers} <= {200, 201, 409}, answers
    counted = house.sql(
        "SELECT count(*), count(DISTINCT phone_1) FROM ecm_contact "
        "WHERE campaign_id = %s AND phone_1 LIKE '+4930231260%%'",
        house.campaign,
    )
    assert counted == [(40, 40)]
    house.client.call("ecm.campaign", "write", [house.campaign], {"duplicate_policy": "allow"})
