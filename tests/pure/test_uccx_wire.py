"""XML, JSON and CSV of the UCCX interface: what is written in which order, and what is understood."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ecm_dialer_cisco.clients import uccx_wire as wire
from ecm_dialer_cisco.clients.base import PushContact, check_keys

CAMPAIGNS = b"""<?xml version="1.0" encoding="UTF-8"?>
<campaigns>
  <campaign>
    <self>https://uccx/adminapi/campaign/202</self><campaignId>202</campaignId><campaignName>ivrpred</campaignName>
    <enabled>true</enabled><description/><startTime>08:00</startTime><endTime>21:00</endTime>
    <timeZone>India Standard Time</timeZone><campaignType>IVR</campaignType><dialerType>PREDICTIVE</dialerType>
    <pendingContacts>7</pendingContacts>
  </campaign>
  <campaign><self>https://uccx/adminapi/campaign/9</self><campaignName>p</campaignName><enabled>false</enabled>
    <campaignType>AGENT</campaignType><dialerType>DIRECT_PREVIEW</dialerType></campaign>
</campaigns>"""

STATUS = b"""<statusDetails><self>x</self><campaignId>6</campaignId><importStatus>
<status importType="AUTO"><result>SUCCESS</result><startTime>1536871071356</startTime>
<numContactsImported>1</numContactsImported><i18n><Key>obss.success</Key><Args><Arg>1</Arg></Args></i18n></status>
<status importType="MANUAL"><result>FAILED</result></status></importStatus></statusDetails>"""


@pytest.mark.parametrize(
    ("content", "most"),
    [("<MaxDialAttempts> 3 </MaxDialAttempts>", 3), ("<maxDialAttempts/>", 0), ("", 0)],
)
def test_how_often_uccx_calls_by_itself(content, most):
    kind = f"<obPreview>{content}<cacheSize>20</cacheSize></obPreview>"
    body = f"<campaign><typeSpecificInfo>{kind}</typeSpecificInfo></campaign>".encode()
    assert wire.parse_max_attempts(body) == most


def test_contacts_body_has_the_elements_in_the_documented_order():
    contacts = [PushContact("k1", "+491", 'Jo, "x"', "Ö&<\r\n>")]
    root = etree.fromstring(
        wire.build_contacts("https://u/adminapi/campaign/1", "C & D", contacts, True)
    )
    assert [child.tag for child in root] == ["campaign", "allowDuplicateContacts", "csvdata"]
    assert root[0].get("name") == "C & D"
    assert root.findtext("campaign/refURL") == "https://u/adminapi/campaign/1"
    assert root.findtext("allowDuplicateContacts") == "true"
    assert (
        root.findtext("csvdata")
        == "\nAccount Number,First Name,Last Name,Phone1\nk1,Jo x,Ö&< >,+491\n"
    )


def test_contacts_body_is_a_document_in_utf_8():
    body = wire.build_contacts("u", "Ö", [PushContact("k1", "1")], False)
    assert body.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n")
    assert "Ö".encode() in body
    assert etree.fromstring(body).findtext("allowDuplicateContacts") == "false"


def test_names_are_cut_where_uccx_cuts_them():
    assert wire.clean_name("x" * 60) == "x" * 50
    assert wire.clean_name("x" * 49 + " y") == "x" * 49


def test_a_request_may_have_three_megabytes():
    assert wire.MAX_BODY_BYTES == 3_145_728


def test_a_dial_time_is_a_column_where_one_contact_has_one():
    contacts = [PushContact("k1", "1", dial_time="14:30"), PushContact("k2", "2")]
    assert wire.build_csv(contacts) == (
        "\nAccount Number,First Name,Last Name,Phone1,Dial Time\nk1,,,1,14:30\nk2,,,2,\n"
    )


@pytest.mark.parametrize(
    ("due_at", "zone", "written"),
    [
        (datetime(2026, 7, 1, 12, 30, 59), "UTC", "12:30"),
        (datetime(2026, 7, 1, 12, 30), "Europe/Berlin", "14:30"),
        # What is due is shown as soon as an agent is free.
        (datetime(2026, 7, 1, 12, 0), "UTC", ""),
        # UCCX knows the current day only: this is tomorrow in Kolkata, and today in Berlin.
        (datetime(2026, 7, 1, 19, 0), "Asia/Kolkata", ""),
        (datetime(2026, 7, 1, 19, 0), "Europe/Berlin", "21:00"),
    ],
)
def test_dial_times_are_of_today_on_the_dialers_clock(due_at, zone, written):
    assert wire.write_dial_time(due_at, datetime(2026, 7, 1, 12, 0), zone) == written


@given(st.text(), st.text())
def test_any_name_stays_in_its_cell(first, last):
    row = wire.build_csv([PushContact("k1", "1", first, last)]).strip("\n").split("\n")[1]
    cells = row.split(",")
    assert len(cells) == 4
    assert all(len(cell) <= 50 for cell in cells)
    etree.fromstring(wire.build_contacts("u", "c", [PushContact("k1", "1", first, last)], False))


@pytest.mark.parametrize("number", ["1", "+4930123", "*21#", "1" * 28])
def test_numbers_that_uccx_takes(number):
    assert wire.is_sendable_number(number)


@pytest.mark.parametrize(
    "number", ["", "+", "abc", "12 34", "1,2", "1" * 29, "+" + "1" * 28, "1\n"]
)
def test_numbers_that_uccx_does_not_take(number):
    assert not wire.is_sendable_number(number)


@pytest.mark.parametrize("keys", [["x" * 26], [""], ["a,b"], ["a b"], ["a", "a"]])
def test_unusable_keys_are_a_mistake_of_the_caller(keys):
    with pytest.raises(ValueError, match=r"letters, digits|occurs twice"):
        check_keys(keys)


def test_campaigns_are_read():
    first, second = wire.parse_campaigns(CAMPAIGNS)
    assert (first.key, first.name, first.kind, first.dialing_mode) == (
        "202",
        "ivrpred",
        "ivr",
        "predictive",
    )
    assert (first.enabled, first.pending_contacts, first.time_zone) == (
        True,
        7,
        "India Standard Time",
    )
    assert (second.key, second.kind, second.dialing_mode, second.enabled) == (
        "9",
        "agent",
        "preview",
        False,
    )


def test_names_are_read_in_any_case_and_namespace():
    body = CAMPAIGNS.replace(b"<campaigns>", b'<Campaigns xmlns="urn:x">').replace(
        b"</campaigns>", b"</Campaigns>"
    )
    assert len(wire.parse_campaigns(body)) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Sign in</body></html>",
        b"<campaigns>",
        b"\xff\xfe\x00",
        b'<!DOCTYPE c [<!ENTITY e SYSTEM "file:///etc/passwd">]><campaigns><campaign>&e;</campaign></campaigns>',
        b'<!DOCTYPE c [<!ENTITY a "b"><!ENTITY d "&a;&a;">]><campaigns>&d;</campaigns>',
    ],
)
def test_what_is_no_campaign_list_is_refused(body):
    with pytest.raises(wire.UnreadableAnswer):
        wire.parse_campaigns(body)


def test_every_part_of_a_campaign_is_read():
    body = CAMPAIGNS.replace(b"<description/>", b"<description> of<!-- x --> June </description>")
    first = wire.parse_campaigns(body)[0]
    assert (first.start_time, first.end_time) == ("08:00", "21:00")
    assert first.description == "of June"


def test_a_campaign_that_tells_nothing_is_none():
    body = (
        b"<campaigns><?x y?><campaign/><campaign><campaignId>7</campaignId></campaign></campaigns>"
    )
    (campaign,) = wire.parse_campaigns(body)
    assert (campaign.key, campaign.enabled, campaign.pending_contacts) == ("7", False, 0)


@pytest.mark.parametrize("number", ["many", "", "1.5", "--1"])
def test_what_is_no_number_counts_nothing(number):
    text = f"<campaign><pendingContacts>{number}</pendingContacts></campaign>"
    assert wire.parse_campaigns(text.encode())[0].pending_contacts == 0


def test_the_id_of_a_campaign_ends_its_link():
    body = b"<campaign><self>https://u/adminapi/campaign/12/</self></campaign>"
    assert wire.parse_campaigns(body)[0].key == "12"


def test_import_statuses_are_read():
    automatic, manual = wire.parse_import_statuses(STATUS)
    assert (automatic.import_type, automatic.started_at_ms, automatic.imported) == (
        "AUTO",
        1536871071356,
        1,
    )
    assert automatic.succeeded
    assert (automatic.is_manual, manual.is_manual) == (False, True)
    assert automatic.message == "obss.success 1"
    assert manual.finished
    assert not manual.succeeded


@pytest.mark.parametrize(
    ("result", "age_seconds", "running"),
    [
        ("SUCCESS", 1, False),
        ("FAILED", 1, False),
        ("", 1, True),
        ("", 200, False),
        ("IN_PROGRESS", 1, True),
        ("IN_PROGRESS", 200, False),
    ],
)
def test_an_import_blocks_while_it_runs_and_not_for_ever(result, age_seconds, running):
    status = wire.ImportStatus("MANUAL", result, 1_000_000, 0)
    assert status.running_at(1_000_000 + age_seconds * 1000, 120) is running


def test_where_nothing_was_imported_yet_nothing_runs():
    assert not wire.ImportStatus("MANUAL", "", 0, 0).running_at(1_000, 120)


def test_an_import_that_says_how_it_goes_runs_without_a_time_too():
    assert wire.ImportStatus("MANUAL", "IN_PROGRESS", 0, 0).running_at(1_000, 120)
    assert not wire.ImportStatus("MANUAL", "PARTIAL", 0, 0).running_at(1_000, 120)


def test_an_import_blocks_until_its_time_is_up():
    status = wire.ImportStatus("MANUAL", "IN_PROGRESS", 1_000, 0)
    assert status.running_at(120_999, 120)
    assert not status.running_at(121_000, 120)


def test_the_type_of_an_import_is_read_in_any_case_and_beside_others():
    body = (
        b'<statusDetails><status importtype="auto" x="y"><result>success</result></status>'
        b"<status/></statusDetails>"
    )
    automatic, unknown = wire.parse_import_statuses(body)
    assert (automatic.import_type, automatic.succeeded, automatic.is_manual) == (
        "AUTO",
        True,
        False,
    )
    assert (unknown.is_manual, unknown.is_none, unknown.message) == (True, True, "")


@pytest.mark.parametrize("body", [b"<campaigns/>", b"<html><status/></html>"])
def test_what_tells_no_statuses_is_refused(body):
    with pytest.raises(wire.UnreadableAnswer, match="unexpected element"):
        wire.parse_import_statuses(body)


ERRORS = {
    "camel": b"<apiErrors><apiError><errorData>d</errorData><errorMessage>m</errorMessage>"
    b"<errorType>InvalidInput</errorType></apiError></apiErrors>",
    "capital": b"<ApiErrors><ApiError><ErrorType>InvalidInput</ErrorType><ErrorData>d</ErrorData>"
    b"<ErrorMessage>m</ErrorMessage></ApiError></ApiErrors>",
    "one of several parts": b'{"x": [{"apiError": {"ERRORTYPE": "InvalidInput", "errorData": "d",'
    b' "errorMessage": "m"}}]}',
    "json array": b'{"apiError":[{"errorData":"d","errorMessage":"m","errorType":"InvalidInput"}]}',
    "json wrapped": b'{"ApiErrors":{"ApiError":{"ErrorData":"d","ErrorMessage":"m","ErrorType":"InvalidInput"}}}',
}


@pytest.mark.parametrize("form", ERRORS)
def test_errors_are_read_in_every_form(form):
    assert wire.parse_errors(ERRORS[form]) == [wire.ApiError("InvalidInput", "d", "m")]


def test_several_errors_are_read():
    body = ERRORS["camel"].replace(
        b"</apiErrors>", b"<apiError><errorMessage>n</errorMessage></apiError></apiErrors>"
    )
    assert [error.message for error in wire.parse_errors(body)] == ["m", "n"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"errorMessage": "m", "errorData": null}', wire.ApiError(message="m")),
        (b'{"errorType": 404}', wire.ApiError("404")),
    ],
)
def test_parts_of_an_error_may_be_missing(body, error):
    assert wire.parse_errors(body) == [error]


@pytest.mark.parametrize("body", [b"", b"<html/>", b"[1, null]", b'"x"', b"{"])
def test_no_error_body_gives_no_errors(body):
    assert wire.parse_errors(body) == []


def test_contacts_are_read_by_their_header():
    body = (
        b"<campaignContacts><csvdata>\nPhone1, account number, first name, call result, call status\n"
        b"+491, k1, Jo, 11, 8\n\n</csvdata></campaignContacts>"
    )
    (contact,) = wire.parse_contacts(body)
    assert (contact.key, contact.number, contact.first_name) == ("k1", "+491", "Jo")
    assert (contact.raw_status, contact.raw_code) == ("8", "11")


def test_every_contact_is_read_though_a_line_may_end_early():
    body = (
        b"<campaignContacts><csvdata>Account Number,First Name,Last Name,Phone1\n"
        b"k1,Jo,Doe,+491\nk2,An\n</csvdata></campaignContacts>"
    )
    first, second = wire.parse_contacts(body)
    assert (first.first_name, first.last_name, first.number) == ("Jo", "Doe", "+491")
    assert (second.key, second.first_name, second.last_name, second.number) == ("k2", "An", "", "")


def test_a_campaign_without_contacts_has_none():
    assert (
        wire.parse_contacts(b"<campaignContacts><csvdata>\n \n</csvdata></campaignContacts>") == []
    )
    assert wire.parse_contacts(b"<campaignContacts><csvdata/></campaignContacts>") == []
    with pytest.raises(wire.UnreadableAnswer, match="csvdata is missing"):
        wire.parse_contacts(b"<campaignContacts/>")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            b"<generalobconfig><startTime>08:00</startTime><endTime>20:00</endTime></generalobconfig>",
            ("08:00", "20:00"),
        ),
        (
            b"<General><x><StartTime> 8:00 </StartTime></x><endTime>20:30</endTime></General>",
            ("8:00", "20:30"),
        ),
        (b"<generalobconfig><startTime/><endTime>20:00</endTime></generalobconfig>", None),
        (b"<generalobconfig/>", None),
    ],
)
def test_the_dialing_range_is_read_wherever_it_stands(body, expected):
    found = wire.parse_dialing_range(body)
    assert (found and (found.start_time, found.end_time)) == expected
