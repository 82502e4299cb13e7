"""Import sources on real Odoo servers: files over OpenSSH and Samba, two servers at once, a server
that goes away.
"""

import json
import threading

import pytest

from scripts.web_client import RpcError
from tests.servers.samba import SambaServer
from tests.servers.sftp import SftpServer

SERVERS = {"sftp": SftpServer, "smb": SambaServer}
CRON = "ecm_import_source.ir_cron_check_sources"
IMPORT = "ecm_campaign.ir_cron_import"
STATES = ("name", "state", "is_moved", "message")


@pytest.fixture(scope="module")
def shares():
    """Both file servers, running."""
    servers = {protocol: make() for protocol, make in SERVERS.items()}
    for server in servers.values():
        server.start()
    yield servers
    for server in servers.values():
        server.remove()


def rows(first, last):
    lines = [f"+4930231250{number:02d},Anna" for number in range(first, last)]
    return "\n".join(["phone,first name", *lines, ""]).encode()


class Sources:
    """Sources on one Odoo server, whose scheduled actions the test runs."""

    def __init__(self, server):
        self.client = server.client()
        strategy = self.client.call("ecm.strategy", "search", [], limit=1)[0]
        self.campaign = self.create("ecm.campaign", name="Shared", strategy_id=strategy, tz="UTC")

    def create(self, model, **values):
        created = self.client.call(model, "create", values)
        return created[0] if isinstance(created, list) else created

    def create_source(self, protocol, share):
        storage = self.create(
            "fs.storage", name=protocol, code=protocol, protocol=protocol, options=json.dumps(share.options()),
            directory_path=share.root, check_connection_method="ls",
        )  # fmt: skip
        return self.create(
            "ecm.import.source", name=f"By {protocol}", campaign_id=self.campaign, storage_id=storage,
            directory="in", settle_seconds=0,
        )  # fmt: skip

    def run(self, cron):
        module, name = cron.split(".")
        domain = [("module", "=", module), ("name", "=", name)]
        action = self.client.call("ir.model.data", "search_read", domain, ["res_id"])[0]["res_id"]
        self.client.call("ir.cron", "method_direct_trigger", [action])

    def check(self):
        """Let every source be due, and check them."""
        self.client.call("ecm.import.source", "write", self.sources(), {"next_run_at": False})
        self.run(CRON)

    def check_and_import(self):
        """Take what is there, import it, and move it."""
        self.check()
        self.run(IMPORT)
        self.check()

    def sources(self):
        return self.client.call("ecm.import.source", "search", [])

    def files(self):
        return self.client.call("ecm.import.file", "search_read", [], STATES, order="id")

    def errors(self):
        return [
            row["last_error"]
            for row in self.client.call("ecm.import.source", "read", self.sources(), ["last_error"])
        ]

    def count_contacts(self):
        return self.client.call(
            "ecm.contact", "search_count", [("campaign_id", "=", self.campaign)]
        )


def test_files_arrive_over_every_wire_while_servers_come_and_go(odoo_server, shares):
    """SFTP and Samba, the same content from two workers at once, and a file server that is killed."""
    first = odoo_server(cron_threads=0)
    second = odoo_server(database=first.database, cron_threads=0)
    sources = Sources(first)
    made = {protocol: sources.create_source(protocol, share) for protocol, share in shares.items()}

    # A file over each wire; one that cannot be read does not stop the other.
    shares["sftp"].put("in/june.csv", rows(1, 31))
    shares["smb"].put("in/june.csv", rows(31, 61))
    shares["smb"].put("in/empty.csv", b"")
    sources.check_and_import()
    assert sources.errors() == [False, False], first.log_text()[-3000:]
    assert sources.count_contacts() == 60
    for share in shares.values():
        assert [name.rpartition("-")[2] for name in share.names("in/archive")] == ["june.csv"]
        assert [name for name in share.names("in") if "." in name] == []
    reason = next(name for name in shares["smb"].names("in/error") if name.endswith(".reason.txt"))
    assert "The file is empty." in (shares["smb"].folder / "in" / "error" / reason).read_text()

    # Two workers see the same content, under two names, at the same moment.
    content = rows(61, 91)
    for name in ("july.csv", "july-again.csv"):
        shares["sftp"].put(f"in/{name}", content)
    check_at_once([first.client(), second.client()], made["sftp"])
    sources.check_and_import()
    july = [file for file in sources.files() if file["name"].startswith("july")]
    assert sorted(file["state"] for file in july) == ["done", "duplicate"]
    assert sources.count_contacts() == 90
    assert len(shares["sftp"].names("in/archive")) == 3

    # The file server goes away, and comes back.
    shares["sftp"].put("in/august.csv", rows(91, 100))
    shares["sftp"].kill()
    shares["smb"].put("in/august.csv", rows(1, 3))
    sources.check()
    errors = sources.errors()
    assert [bool(error) for error in errors] == [True, False], errors
    assert sources.files()[-1]["name"] == "august.csv", "The other source is checked all the same"
    shares["sftp"].start()
    sources.check_and_import()
    assert sources.errors() == [False, False]
    assert sources.count_contacts() == 99
    assert all(file["is_moved"] for file in sources.files())


def check_at_once(clients, source):
    """Press *Check now* on two servers; one may be told that the other is at it."""
    problems = []

    def check(client):
        try:
            client.call("ecm.import.source", "action_check_now", [source])
        except RpcError as error:
            problems.append(str(error))

    threads = [threading.Thread(target=check, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(problems) <= 1, problems
    assert all("at this moment" in problem for problem in problems), problems
