"""What the dialer's script is told of a call (B4)."""

import pytest

from ecm_callback.tools.lookup import Row, clean, get_routes, get_status, label_parameters


@pytest.mark.parametrize(
    ("row", "routes"),
    [
        (None, []),
        (Row(True), []),
        (Row(True, queue="Sales_CSQ"), ["skill"]),
        (Row(True, "normal", "anna", "Sales_CSQ"), ["skill"]),
        (Row(True, "personal", "anna", "Sales_CSQ"), ["agent", "skill"]),
        (Row(True, "personal", None, "Sales_CSQ"), ["skill"]),
        (Row(True, "personal", "anna", "Sales_CSQ", "More.aef"), ["agent", "skill", "external"]),
        (Row(True, script="More.aef"), ["external"]),
        # The result may be read while the call is in the queue.
        (Row(False, "personal", "anna"), ["agent"]),
    ],
)
def test_who_takes_the_call(row, routes):
    assert get_routes(row) == routes


def test_whether_the_call_is_ours_and_goes_on():
    assert [get_status(row) for row in (None, Row(True), Row(False))] == [
        "unknown",
        "known",
        "finished",
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (" ECM-7 ", "ECM-7"),
        ("", None),
        ("   ", None),
        (None, None),
        ("7\x00", None),
        ("7" * 41, None),
        ("'; DROP TABLE ecm_attempt", "'; DROP TABLE ecm_attempt"),
    ],
)
def test_account_numbers_as_scripts_send_them(text, key):
    assert clean(text) == key


def test_parameters_have_the_campaigns_names():
    definition = [
        {"name": "business_parameter_1", "string": "Plan"},
        {"name": "business_parameter_2", "string": ""},
        {"name": "business_parameter_3", "string": "Empty"},
    ]
    values = {"business_parameter_1": "Gold", "business_parameter_2": 7, "business_parameter_3": ""}
    labelled = label_parameters(values, definition)
    assert labelled == {"Plan": "Gold", "business_parameter_2": "7"}
    assert label_parameters(None, None) == {}
