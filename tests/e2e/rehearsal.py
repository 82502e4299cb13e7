"""A campaign on a real Odoo server and a dialer's real simulator, moved forward step by step."""

import contextlib
import copy
from collections.abc import Callable
from pathlib import Path

import psycopg2

from scripts import databases, demo, demo_dialers
from scripts.odoo_server import OdooServer
from scripts.web_client import RpcError

from .stage import Stage

READ_TIMEOUT = 5
# The server's variable with the folder that import rules poll.
IMPORT_FOLDER = "ECM_CCE_IMPORT"


class Rehearsal(Stage):
    """One campaign with a strategy that retries at once, fed by a server whose scheduled actions
    the test runs.
    """

    # Statuses of contacts that wait or are called, and where the key stands in the record of calls.
    busy_statuses = frozenset({"1", "2"})
    account_column = "accountnumber"

    def __init__(self, server: OdooServer, simulator) -> None:
        super().__init__(server)
        self.simulator = simulator
        self.dialer_id = self._create_dialer()
        self.campaign_id = demo.create_campaign(
            self.client, self.dialer_id, demo.create_strategy(self.client, retry_minutes=0)
        )

    def _create_dialer(self) -> int:
        dialer_id = demo.create_dialer(self.client, self._prepare_dialer_values())
        self.client.call(
            "ecm.dialer", "write", [dialer_id], {"read_timeout": READ_TIMEOUT, "import_timeout": 10}
        )
        return dialer_id

    def _prepare_dialer_values(self) -> dict:
        certificate = Path(self.simulator.ca_file).read_text()
        connection = self.simulator.odbc_connection_string()
        return demo_dialers.uccx_values(self._get_account(), certificate, connection)

    def _get_account(self) -> demo_dialers.Account:
        simulator = self.simulator
        return demo_dialers.Account(
            simulator.host, simulator.port, simulator.user, simulator.password
        )

    def create_ivr_campaign(self) -> int:
        """Another campaign with the same strategy, on another Cisco campaign."""
        domain = [("dialer_id", "=", self.dialer_id), ("kind", "=", "ivr")]
        values = {
            "name": "By the IVR",
            "kind": "ivr",
            "strategy_id": self._get_strategy_id(),
            "dialer_campaign_id": self.client.call(
                "ecm.dialer.campaign", "search", domain, limit=1
            )[0],
            "calendar_id": False,
            "keeps_region_rules": False,
            "tz": "UTC",
        }
        return int(self.client.call("ecm.campaign", "create", [values])[0])

    def limit(self, **values) -> None:
        """Give the campaign's strategy a limit."""
        self.client.call(
            "ecm.strategy.limit", "create", [{"strategy_id": self._get_strategy_id(), **values}]
        )

    def _get_strategy_id(self) -> int:
        [campaign] = self.client.call("ecm.campaign", "read", [self.campaign_id], ["strategy_id"])
        return int(campaign["strategy_id"][0])

    def feed(self) -> None:
        """One turn of the dialer, which reads results as well."""
        self.run(f"ecm_dialer_cisco.ir_cron_ecm_dialer_{self.dialer_id}")

    def sync(self) -> None:
        """Read results; what cannot be read now is read later."""
        with contextlib.suppress(RpcError):
            self.client.call("ecm.dialer", "action_sync_results", [self.dialer_id])

    def run_to_the_end(self, rounds: int = 60) -> dict:
        """Feed and read results until every contact is closed.

        :return: contacts per state
        """
        for _round in range(rounds):
            self.feed()
            self.wait_for_calls()
            self.sync()
            if not {"pending", "sent_to_dialer"} & set(self.tally()):
                break
        return self.tally()

    def wait_for_calls(self) -> None:
        """Wait until the dialer has nothing left to call."""
        self.simulator.wait_until(self._is_idle, timeout=60)

    def _is_idle(self) -> bool:
        state = self.simulator.state()
        waiting = any(self.busy_statuses & set(statuses) for statuses in state["contacts"].values())
        return not waiting and not state["calls_in_progress"]

    def clone(self, server: Callable[..., OdooServer], name: str) -> "Rehearsal":
        """The same campaign in a copy of the database, with a server of its own; a killed server's
        database has no connections.

        :param server: the fixture `odoo_server`
        :param name: of the copy; a database of this name is replaced
        """
        self.server.kill()
        databases.drop(name)
        databases.clone(self.server.database, name)
        self.restart()
        twin = copy.copy(self)
        twin.server = server(database=name, cron_threads=0)
        twin.client = twin.server.client()
        return twin

    def let_doubts_age(self) -> None:
        """Move unconfirmed sends and the dialer's pause into the past, instead of waiting."""
        self.sql(
            "UPDATE ecm_attempt SET claimed_at = claimed_at - interval '1 hour' WHERE state = 'claimed'"
        )
        self.sql("UPDATE ecm_dialer_campaign SET paused_until = NULL")
        self.sql("UPDATE ecm_dialer SET sending_until = NULL, results_until = NULL")

    def let_somebody_call_in(self) -> None:
        """UCCX's database shows a call of now: it is not behind, and what it lacks never came."""
        connection = psycopg2.connect(self.simulator.dsn)
        with contextlib.closing(connection), connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO contactcalldetail"
                " (sessionid, sessionseqnum, nodeid, profileid, contacttype, startdatetime)"
                " VALUES (990001, 0, 1, 1, 1, now() AT TIME ZONE 'UTC')"
            )

    def assert_nothing_was_called_twice(self) -> None:
        """Compare our history with the simulator's own record of what it dialled."""
        dialled = [call[self.account_column] for call in self.simulator.dialled()]
        assert len(dialled) == len(set(dialled)), "an attempt was dialled twice"
        attempts = {key for (key,) in self.sql("SELECT key FROM ecm_attempt")}
        assert set(dialled) <= attempts, "something was dialled that the history does not know"


class CceRehearsal(Rehearsal):
    """The same on a CCE."""

    busy_statuses = frozenset({"A", "P"})
    account_column = "account_number"

    def _prepare_dialer_values(self) -> dict:
        return demo_dialers.cce_values(self._get_account())


class CceFileRehearsal(CceRehearsal):
    """On a CCE whose import rules poll files."""

    def _prepare_dialer_values(self) -> dict:
        values = super()._prepare_dialer_values()
        return {**values, "cce_delivery": "file", "cce_import_folder": f"env:{IMPORT_FOLDER}"}

    def _is_idle(self) -> bool:
        # A file that lies there is imported with the next round.
        waits = any(Path(self.simulator._options["import_folder"]).glob("*.csv"))
        return not waits and super()._is_idle()


class RestRehearsal(CceRehearsal):
    """On a CCE that is fed over its Outbound REST interface."""

    def _prepare_dialer_values(self) -> dict:
        simulator = self.simulator
        api = demo_dialers.Account(
            simulator.host, simulator.rest_port, "administrator@example.com", simulator.password
        )
        certificate = Path(simulator.ca_file).read_text()
        return demo_dialers.rest_values(self._get_account(), api, certificate)

    def _is_idle(self) -> bool:
        # An import stands in a queue before its contacts are in a list.
        return not self.simulator.state()["imports_waiting"] and super()._is_idle()
