"""The verbs of other systems through Odoo's own RPC, with the packages that people use for it: odoorpc
(JSON-RPC), odoo-client-lib (JSON-RPC and JSON-2), and JSON-2 as plain HTTP (requirement R4).
"""

import os
from urllib.parse import urlsplit

import odoolib
import odoorpc
import pytest
import requests

from scripts import databases, templates
from scripts.odoo_server import OdooServer
from tests.e2e.rest_house import make_campaign, make_rpc_key

NUMBERS = [f"+4930231250{number:02}" for number in range(1, 10)]


class House:
    """A server, a campaign, and a key for Odoo's RPC."""

    def __init__(self, database):
        self.database = database
        self.server = OdooServer(database, cron_threads=0)
        self.server.start()
        self.web = self.server.client()
        self.campaign = make_campaign(
            self.server, "By RPC", keeps_region_rules=False, duplicate_policy="allow"
        )
        self.web.call("ecm.campaign", "write", [self.campaign], {"crm_campaign_id": "RPC-1"})
        self.key = make_rpc_key(self.web)
        parts = urlsplit(self.server.url)
        self.host, self.port = parts.hostname, parts.port

    def post(self, model, method, key=None, **arguments):
        """A call of JSON-2."""
        headers = {"Authorization": f"Bearer {key or self.key}", "X-Odoo-Database": self.database}
        url = f"{self.server.url}/json/2/{model}/{method}"
        with requests.Session() as session:
            session.trust_env = False
            return session.post(url, json=arguments, headers=headers, timeout=60)


@pytest.fixture(scope="module")
def house():
    """A database with the suite, kept by all tests of this file."""
    name = f"ecm_e2e_rpc_{os.getpid()}"
    templates.new_database(name, demo=True)
    house = House(name)
    yield house
    house.server.kill()
    databases.drop(name)


def use_verbs(call, campaign):
    """A campaign's life by the verbs alone.

    :param call: ``call(model, method, **arguments)``
    """
    strategy = call("ecm.campaign", "api_get", campaign=campaign)["strategy_id"]
    values = {"name": f"Made {call.__name__}", "strategy_id": strategy}
    made = call("ecm.campaign", "api_create", values=values)
    number = made["id"]
    assert made["is_running"] is False
    contacts = [
        {"phones": [NUMBERS[0]], "account_number": f"{call.__name__}-1"},
        {"phones": [NUMBERS[1]], "account_number": f"{call.__name__}-2"},
        {"phones": ["12"]},
    ]
    answer = call("ecm.contact", "api_add_contacts", campaign=number, contacts=contacts)
    assert [one["status"] for one in answer["results"]] == ["created", "created", "rejected"]
    keys = [contact["account_number"] for contact in contacts[:2]]
    found = call("ecm.contact", "api_get_states", account_numbers=keys)
    assert {(one["account_number"], one["state"]) for one in found} == {
        (key, "pending") for key in keys
    }
    gone = call("ecm.contact", "api_withdraw", account_numbers=keys[:1], reason="Paid")
    assert gone == [answer["results"][0]["id"]]
    stats = call("ecm.campaign", "api_stats", campaign=number)
    assert (stats["total"], stats["by_state"]["withdrawn"]) == (2, 1)
    status = call("ecm.contact.list", "api_get_status", list_id=answer["list_id"])
    assert (status["uploaded"], status["failed"]) == (2, 1)
    [error] = call("ecm.contact.list", "api_read_errors", list_id=answer["list_id"])
    assert error["field"] == "phone_1"
    page = call("ecm.api.event", "api_read_outcomes", limit=5)
    assert set(page) == {"items", "next_cursor", "has_more"}
    dnc = call("ecm.dnc.list", "api_create", values={"name": f"List {call.__name__}"})
    assert call("ecm.dnc.list", "api_get", list_id=dnc["id"])["entries"] == 0
    assert call("ecm.strategy", "api_get", strategy_id=strategy)["attempts"]
    assert call("ecm.campaign", "api_delete", campaign=number) == number


def test_odoorpc(house):
    odoo = odoorpc.ODOO(house.host, port=house.port, timeout=60)
    odoo.login(house.database, "admin", house.key)

    def by_odoorpc(model, method, **arguments):
        return odoo.execute_kw(model, method, [], arguments)

    use_verbs(by_odoorpc, house.campaign)
    assert odoo.env["ecm.campaign"].api_get("crm:RPC-1")["id"] == house.campaign
    with pytest.raises(odoorpc.error.RPCError, match="There is no campaign"):
        odoo.env["ecm.campaign"].api_get("crm:none")


@pytest.mark.parametrize("protocol", ["jsonrpc", "json2"])
def test_odoo_client_lib(house, protocol):
    connection = odoolib.get_connection(
        hostname=house.host,
        port=house.port,
        protocol=protocol,
        database=house.database,
        login="admin",
        password=house.key,
    )

    def by_client_lib(model, method, **arguments):
        return getattr(connection.get_model(model), method)(**arguments)

    by_client_lib.__name__ = f"by_{protocol}"
    use_verbs(by_client_lib, house.campaign)


def test_json2(house):
    def by_http(model, method, **arguments):
        response = house.post(model, method, **arguments)
        assert response.status_code == 200, response.text
        return response.json()

    use_verbs(by_http, "crm:RPC-1")


def test_what_is_refused_over_json2(house):
    """With the HTTP code that says why."""
    assert house.post("ecm.campaign", "api_get", campaign="crm:none").status_code == 404
    wrong = house.post("ecm.contact", "api_add_contacts", campaign=house.campaign, contacts=[])
    assert wrong.status_code == 422
    assert "10000" in wrong.json()["message"]
    assert house.post("ecm.campaign", "api_get", key="x", campaign=1).status_code == 401


def test_each_role_is_refused_what_is_not_its_own(house):
    """An agent reads, and changes nothing; who has no role reads nothing."""
    agent = make_user(house, "rpc_agent", "ecm_campaign.ecm_campaign_group_agent")
    nobody = make_user(house, "rpc_nobody")
    number = house.campaign
    contact = {"phones": [NUMBERS[3]]}
    assert house.post("ecm.campaign", "api_get", agent, campaign=number).status_code == 200
    assert house.post("ecm.campaign", "api_get", nobody, campaign=number).status_code == 403
    for model, method, arguments in (
        ("ecm.campaign", "api_stop", {"campaign": number}),
        ("ecm.campaign", "api_delete", {"campaign": number}),
        ("ecm.contact", "api_add_contacts", {"campaign": number, "contacts": [contact]}),
        ("ecm.contact", "api_withdraw", {"account_numbers": ["x"]}),
        ("ecm.contact.list", "api_create", {"campaign": number, "values": {"name": "x"}}),
        ("ecm.dnc.list", "api_create", {"values": {"name": "x"}}),
        ("ecm.strategy", "api_create", {"values": {"name": "x"}}),
        ("ecm.webhook", "api_create", {"values": {"name": "x", "url": "https://a.example/"}}),
    ):
        for key in (agent, nobody):
            response = house.post(model, method, key, **arguments)
            assert response.status_code == 403, (model, method, response.text)


def test_another_company_finds_nothing(house):
    company = house.web.call("res.company", "create", [{"name": "Foreign company"}])[0]
    foreign = make_user(
        house,
        "rpc_foreign",
        "ecm_campaign.ecm_campaign_group_administrator",
        company_id=company,
        company_ids=[[6, 0, [company]]],
    )
    contact = {"phones": [NUMBERS[4]]}
    for model, method, arguments in (
        ("ecm.campaign", "api_get", {"campaign": house.campaign}),
        ("ecm.campaign", "api_get", {"campaign": "crm:RPC-1"}),
        ("ecm.campaign", "api_stop", {"campaign": house.campaign}),
        ("ecm.contact", "api_add_contacts", {"campaign": house.campaign, "contacts": [contact]}),
    ):
        response = house.post(model, method, foreign, **arguments)
        assert response.status_code == 404, (model, method, response.text)
    page = house.post("ecm.api.event", "api_read_outcomes", foreign).json()
    assert page["items"] == []


def make_user(house, login, group=None, **values):
    """:return: a key of a new user"""
    ids = []
    for xml_id in filter(None, ("base.group_user", group)):
        module, name = xml_id.split(".")
        domain = [["module", "=", module], ["name", "=", name]]
        found = house.web.call("ir.model.data", "search_read", domain, ["res_id"])
        ids.append(found[0]["res_id"])
    house.web.call(
        "res.users",
        "create",
        [{"name": login, "login": login, "password": login, "group_ids": [[6, 0, ids]], **values}],
    )
    return make_rpc_key(house.server.client(login, login), login)
