"""The simulator's configuration API as any client sees it: XML and JSON, element order, errors,
limits.
"""

import json

import pytest
import requests

from simulators.uccx.testing import running_simulator

IVR = """<campaign><campaignName>{name}</campaignName><enabled>true</enabled><description>demo</description>
<startTime>08:00</startTime><endTime>21:00</endTime><campaignType>IVR</campaignType><dialerType>PROGRESSIVE</dialerType>
<typeSpecificInfo><obIvrProgressive><campaignCallingNum>1000</campaignCallingNum>
<applicationTrigger name="3001"><refURL>https://uccx/adminapi/trigger/3001</refURL></applicationTrigger>
<maxDialAttempts>3</maxDialAttempts><callbackTimeLimit>15</callbackTimeLimit><numDedicatedPorts>2</numDedicatedPorts>
<linesPerPort>1.0</linesPerPort><treatLowVolAsVoice>true</treatLowVolAsVoice>
<ansMachineTreatment>TRANSFER_TO_IVR</ansMachineTreatment><noAnswerRingLimit>15</noAnswerRingLimit>
<abandonedCallWaitTime>2</abandonedCallWaitTime><retryNoAnswerDelay>60</retryNoAnswerDelay>
<retryBusySignalDelay>60</retryBusySignalDelay><retryCustAbandonedDelay>30</retryCustAbandonedDelay>
<retryDialerAbandonedDelay>60</retryDialerAbandonedDelay></obIvrProgressive></typeSpecificInfo></campaign>"""
PREVIEW = {
    "campaignName": "Preview_0001",
    "enabled": True,
    "description": "Preview_0001",
    "startTime": "00:00",
    "endTime": "23:59",
    "campaignType": "AGENT",
    "dialerType": "DIRECT_PREVIEW",
    "pendingContacts": 0,
    "typeSpecificInfo": {
        "obPreview": {
            "maxDialAttempts": 1,
            "cacheSize": 20,
            "ansMachineRetry": False,
            "callbackTimeLimit": 15,
            "missedCallbackAction": "NEXT_DAY",
            "assignedCSQs": {"csq": [{"refURL": "https://uccx/adminapi/csq/34"}]},
        }
    },
}
CONTACTS = """<campaignContacts><campaign name="Outbound Sales"><refURL>/adminapi/campaign/1</refURL></campaign>
<csvdata>\nAccount Number, First Name, phone1\nA1, Jo, 1401111\n</csvdata></campaignContacts>"""


@pytest.fixture
def ask(uccx):
    """A function that sends one request and returns the answer."""
    session = requests.Session()
    session.auth = (uccx.user, uccx.password)
    session.verify = uccx.ca_file
    session.trust_env = False  # REQUESTS_CA_BUNDLE would replace the certificate

    def send(method, path, body=None, accept="application/xml", content_type="application/xml"):
        headers = {"Accept": accept, "Content-Type": content_type}
        return session.request(method, f"{uccx.url}{path}", data=body, headers=headers, timeout=5)

    return send


def as_json(ask, method, path, body=None):
    return ask(
        method, path, json.dumps(body) if body else None, "application/json", "application/json"
    )


def test_a_campaign_is_created_changed_and_deleted(ask):
    created = ask("POST", "/adminapi/campaign", IVR.format(name="IVRProg"))
    assert created.status_code == 201
    path = created.text[created.text.index("/adminapi") :]
    assert "<obIvrProgressive>" in ask("GET", path).text
    changed = IVR.format(name="IVRProg").replace("<description>demo", "<description>changed")
    assert ask("PUT", path, changed).status_code == 200
    assert "<description>changed" in ask("GET", path).text
    assert ask("PUT", path, IVR.format(name="Renamed")).status_code == 400
    assert ask("DELETE", path).status_code == 200
    assert ask("GET", path).status_code == 404


def test_a_list_has_no_type_specific_info(ask):
    answer = ask("GET", "/adminapi/campaign").text
    assert "<campaignName>Outbound Sales</campaignName>" in answer
    assert "typeSpecificInfo" not in answer


def test_json_in_and_out(ask):
    created = as_json(ask, "POST", "/adminapi/campaign", PREVIEW)
    assert created.status_code == 201
    number = created.text.rpartition("/")[2]
    campaign = as_json(ask, "GET", f"/adminapi/campaign/{number}").json()
    assert (campaign["campaignName"], campaign["enabled"], campaign["dialerType"]) == (
        "Preview_0001",
        True,
        "DIRECT_PREVIEW",
    )
    names = [
        item["campaignName"]
        for item in as_json(ask, "GET", "/adminapi/campaign").json()["campaign"]
    ]
    assert names[-1] == "Preview_0001"


def test_element_order_is_checked_with_the_words_of_xerces(ask):
    wrong = (
        IVR.format(name="X")
        .replace("<enabled>true</enabled>", "")
        .replace("</campaign>", "<enabled/></campaign>")
    )
    answer = ask("POST", "/adminapi/campaign", wrong)
    assert answer.status_code == 400
    assert (
        "cvc-complex-type.2.4.a: Invalid content was found starting with element 'enabled'"
        in answer.text
    )
    assert "<errorType>InvalidInput</errorType>" in answer.text
    incomplete = "<campaign><campaignName>X</campaignName></campaign>"
    assert "cvc-complex-type.2.4.b" in ask("POST", "/adminapi/campaign", incomplete).text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<maxDialAttempts>3", "<maxDialAttempts>4"),
        ("<startTime>08:00", "<startTime>8"),
        ("<campaignName>X", "<campaignName> X"),
        ("<campaignName>X", "<campaignName>Outbound Sales"),
        ("PROGRESSIVE", "DIRECT_PREVIEW"),
    ],
)
def test_values_are_checked(ask, old, new):
    assert (
        ask("POST", "/adminapi/campaign", IVR.format(name="X").replace(old, new)).status_code == 400
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/adminapi/campaigns", 404),
        ("DELETE", "/adminapi/campaign", 405),
        ("GET", "/adminapi/campaign/1/state/enable", 405),
        ("PUT", "/adminapi/campaign/99/state/enable", 404),
        ("GET", "/adminapi/campaign/1/contacts?q=CLOSED", 400),
        ("GET", "/adminapi/csq/99", 404),
    ],
)
def test_what_is_not_there(ask, method, path, status):
    assert ask(method, path).status_code == status


def test_unparsable_bodies_and_bodies_above_three_megabytes(ask):
    for body in ("<campaign", "", '<!DOCTYPE a [<!ENTITY b "c">]><campaign>&b;</campaign>'):
        answer = ask("POST", "/adminapi/campaign", body)
        assert answer.status_code == 400
    assert "malformed syntax" in ask("POST", "/adminapi/campaign", "<campaign").text
    assert (
        ask("POST", "/adminapi/campaign/1/contacts", b"x" * (3 * 1024 * 1024 + 1)).status_code
        == 400
    )


def test_login_is_required(uccx):
    answer = requests.get(f"{uccx.url}/adminapi/campaign", verify=uccx.ca_file, timeout=5)
    assert answer.status_code == 401
    assert "Basic" in answer.headers["WWW-Authenticate"]


def test_contacts_with_a_subset_of_the_columns(ask, uccx):
    answer = ask("POST", "/adminapi/campaign/1/contacts", CONTACTS)
    assert answer.status_code in (200, 202)
    assert answer.headers["Location"].endswith("/adminapi/campaign/1/contacts/status")
    uccx.wait_until(lambda: [call["accountnumber"] for call in uccx.dialled()] == ["A1"])
    assert "<result>SUCCESS</result>" in ask("GET", "/adminapi/campaign/1/contacts/status").text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("campaign/1<", "campaign/6<", "id qualifier [6] is not found"),
        ("phone1", "phone9", "no valid header"),
        (
            "<csvdata>",
            "<allowDuplicateContacts>true</allowDuplicateContacts><x/><csvdata>",
            "element 'x'",
        ),
    ],
)
def test_contacts_that_are_refused(ask, old, new, message):
    answer = ask("POST", "/adminapi/campaign/1/contacts", CONTACTS.replace(old, new))
    assert answer.status_code == 400
    assert message in answer.text


def test_queues_and_database_master(ask):
    assert "<name>Outbound</name>" in ask("GET", "/adminapi/csq").text
    assert ask("GET", "/uccx/isDBMaster").text.endswith("Master>true")


def test_options_of_the_wire(new_database):
    options = {
        "http": True,
        "error_form": "capital",
        "accept_status": "202",
        "fault": ["late_rows:seconds=0.1"],
    }
    with running_simulator(new_database(), **options) as uccx:
        login = (uccx.user, uccx.password)
        refused = requests.post(f"{uccx.url}/adminapi/campaign", data="<x", auth=login, timeout=5)
        assert refused.text.index("<ErrorType>") < refused.text.index("<ErrorMessage>")
        accepted = requests.post(
            f"{uccx.url}/adminapi/campaign/1/contacts", data=CONTACTS, auth=login, timeout=5
        )
        assert accepted.status_code == 202
        assert uccx.state()["faults"][0]["seconds"] == 0.1


def test_faults_that_do_not_exist_are_refused(uccx):
    answer = requests.post(
        f"{uccx.control_url}/control/faults", json={"faults": [{"name": "x"}]}, timeout=5
    )
    assert answer.status_code == 400
    assert "Unknown fault" in answer.json()["error"]
    assert requests.get(f"{uccx.control_url}/control/x", timeout=5).status_code == 404
