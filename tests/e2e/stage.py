"""A campaign on a real Odoo server, moved forward step by step."""

from scripts import databases, demo_upload
from scripts.odoo_server import OdooServer


class Stage:
    """A server whose scheduled actions the test runs, and a campaign on it.

    What is at the far side, and the campaign itself, are for those who inherit this.
    """

    campaign_id: int

    def __init__(self, server: OdooServer) -> None:
        self.server = server
        self.client = server.client()
        self._crons = {}

    def upload(self, numbers, campaign_id: int | None = None) -> None:
        """Upload a file of these numbers and import it."""
        content = "\n".join(
            ["phone,first name,last name", *(f"{number},Anna,Au" for number in numbers)]
        )
        demo_upload.upload_contacts(self.client, campaign_id or self.campaign_id, content.encode())
        self.run("ecm_campaign.ir_cron_import")

    def start(self) -> None:
        self.client.call("ecm.campaign", "action_start", [self.campaign_id])

    def run(self, cron: str) -> None:
        """Run a scheduled action now."""
        if cron not in self._crons:
            module, name = cron.split(".")
            domain = [("module", "=", module), ("name", "=", name)]
            self._crons[cron] = self.client.call(
                "ir.model.data", "search_read", domain, ["res_id"]
            )[0]["res_id"]
        self.client.call("ir.cron", "method_direct_trigger", [self._crons[cron]])

    def tally(self) -> dict:
        """Contacts per state, those that there are."""
        states = self.client.call("ecm.campaign", "get_state_tally", [self.campaign_id])
        return {state: count for state, count in states.items() if count}

    def restart(self) -> None:
        """Bring a killed server back."""
        self.server.start()
        self.client = self.server.client()

    def sql(self, statement: str, *parameters):
        """A look into the database, or a clock that is moved."""
        with databases.connect(self.server.database) as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else None
