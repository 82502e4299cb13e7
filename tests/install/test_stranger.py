"""The README's own steps on a server that has Odoo and nothing of ours (Y1, Y2, Y7)."""

from pathlib import Path

from scripts import databases, demo, demo_dialers, templates
from simulators.uccx.testing import running_simulator

from .conftest import STEPS

# By their last digits, the simulator has these answered.
NUMBERS = ["+493023120011", "+493023120012", "+493023120013"]
OPEN = "SELECT count(*) FROM ecm_contact WHERE state IN ('pending', 'sent_to_dialer')"
CONNECTED = "SELECT count(*) FROM ecm_contact WHERE state = 'connected'"


def test_the_readme_has_all_steps():
    texts = ["-m venv", "-r /opt/outbound", "requirements-oca.txt", "cp ", " -i ", "odoo.conf"]
    assert len(STEPS) == len(texts)
    assert all(text in step for text, step in zip(texts, STEPS, strict=True))


def test_installing_logs_no_warning(stranger):
    log = stranger.path("/var/log/odoo/odoo.log")
    assert "Modules loaded" in log.read_text()
    assert not templates.log_problems(log)


def test_a_campaign_runs_to_its_end_by_scheduled_actions(stranger, empty_database):
    """Prefork workers, and nobody presses a button of the feeder."""
    server = stranger.server(STEPS[-1])
    with running_simulator(empty_database("uccx")) as simulator:
        try:
            start_campaign(server.start().client(), simulator)
            simulator.wait_until(lambda: count(stranger, CONNECTED) == len(NUMBERS), 600, pause=1)
        finally:
            server.stop()
        assert len(simulator.dialled()) == len(NUMBERS)
    assert not count(stranger, OPEN)
    assert not templates.log_problems(stranger.path("/var/log/odoo/odoo.log"))


def start_campaign(client, simulator):
    """What administrator and supervisor do in the web client; the import is awaited."""
    account = demo_dialers.Account(
        simulator.host, simulator.port, simulator.user, simulator.password
    )
    certificate = Path(simulator.ca_file).read_text()
    connection = simulator.odbc_connection_string()
    values = demo_dialers.uccx_values(account, certificate, connection)
    dialer_id = demo.create_dialer(client, values)
    strategy_id = demo.create_strategy(client, retry_minutes=0)
    campaign_id = demo.create_campaign(client, dialer_id, strategy_id)
    content = "\n".join(["phone", *NUMBERS]).encode()
    list_id = demo.upload_contacts(client, campaign_id, content)
    demo.wait_for_import(client, list_id, len(NUMBERS))
    client.call("ecm.campaign", "action_start", [campaign_id])


def count(stranger, query):
    with databases.connect(stranger.database) as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]
