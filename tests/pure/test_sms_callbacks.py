"""What a gateway tells by itself: delivery reports and replies (requirements M2, M3)."""

import json

import pytest

from ecm_sms.clients import callbacks
from ecm_sms.clients.callbacks import Reply, Report, Unreadable


def body_of(value):
    return json.dumps(value).encode()


def test_a_call_without_a_body_is_one_row():
    assert callbacks.read_rows({"id": "7"}, b" \n") == [{"id": "7"}]


def test_an_object_is_one_row_and_an_array_is_many():
    assert callbacks.read_rows({}, body_of({"id": 7})) == [{"id": 7}]
    assert callbacks.read_rows({}, body_of([{"id": 7}, "x", None, {"id": 8}])) == [
        {"id": 7},
        {"id": 8},
    ]


def test_what_stands_in_the_address_holds_for_every_row():
    rows = callbacks.read_rows({"account": "a", "id": "0"}, body_of([{"id": 7}, {}]))
    assert rows == [{"account": "a", "id": 7}, {"account": "a", "id": "0"}]


@pytest.mark.parametrize("body", [b"no json", b"\xff\xfe{", b"[" * 100_000])
def test_what_cannot_be_read_is_refused(body):
    with pytest.raises(Unreadable):
        callbacks.read_rows({}, body)


def test_no_call_carries_more_rows_than_it_may(monkeypatch):
    monkeypatch.setattr(callbacks, "MOST_ROWS", 2)
    assert len(callbacks.read_rows({}, body_of([{}, {}]))) == 2
    with pytest.raises(Unreadable):
        callbacks.read_rows({}, body_of([{}, {}, {}]))


def test_a_report_names_its_message_by_our_key_or_the_gateways_id():
    rows = [
        {"ref": " k1 ", "state": "DELIVRD"},
        {"message": {"id": 9}, "state": "UNDELIV"},
        {"state": "DELIVRD"},
    ]
    assert callbacks.read_reports(rows, "ref", "message.id", "state") == [
        Report("k1", "", "DELIVRD"),
        Report("", "9", "UNDELIV"),
    ]


def test_a_report_without_a_name_for_a_field_is_read_by_the_others():
    rows = [{"id": "9", "": "x", "state": "s"}]
    assert callbacks.read_reports(rows, "", "id", "state") == [Report("", "9", "s")]


def test_a_reply_needs_a_number():
    rows = [{"from": "+491", "text": "Stop\0", "id": 5}, {"text": "nobody"}]
    assert callbacks.read_replies(rows, "from", "text", "id") == [Reply("+491", "Stop", "5")]


def test_keys_are_cut_sooner_than_texts():
    long = "x" * 3000
    (report,) = callbacks.read_reports([{"k": long, "i": long, "s": long}], "k", "i", "s")
    assert [len(part) for part in (report.key, report.reference, report.status)] == [200] * 3
    (reply,) = callbacks.read_replies([{"n": long, "t": long, "i": long}], "n", "t", "i")
    assert [len(part) for part in (reply.number, reply.text, reply.reference)] == [200, 2000, 200]


@pytest.mark.parametrize(
    ("said", "meaning"),
    [("DELIVRD", "delivered"), (" delivrd ", "delivered"), ("Undeliv", "failed"), ("?", "")],
)
def test_a_status_means_what_the_settings_say(said, meaning):
    statuses = (("delivrd", "delivered"), ("UNDELIV", "failed"))
    assert callbacks.find_status(statuses, said) == meaning
