"""What Odoo's own providers say of a message, as the answer of a gateway (M1)."""

import pytest

from ecm_sms.clients.answers import FAILURES, Answer
from ecm_sms.clients.odoo_states import read_state


@pytest.mark.parametrize("state", ["processing", "success", "sent", "delivered"])
def test_what_was_taken_has_its_reference(state):
    assert read_state(state, "uuid", "fine") == Answer("accepted", "uuid", text="fine")


@pytest.mark.parametrize(
    ("state", "failure"),
    [
        ("wrong_number_format", "sms_number_format"),
        ("sms_number_missing", "sms_number_format"),
        ("country_not_supported", "sms_country_not_supported"),
        ("duplicate_message", "sms_duplicate"),
        ("incompatible_content", "sms_rejected"),
        ("unknown", "sms_rejected"),
    ],
)
def test_what_is_wrong_with_a_message_stops_no_other(state, failure):
    assert read_state(state, "uuid", "no") == Answer("refused", failure=failure, text="no")
    assert failure in FAILURES


@pytest.mark.parametrize("state", ["insufficient_credit", "unregistered", "twilio_authentication"])
def test_what_a_person_has_to_mend_is_told(state):
    assert read_state(state, "uuid", "no") == Answer("misused", text="no")


@pytest.mark.parametrize("state", ["server_error", "", "new word"])
def test_what_nobody_knows_is_a_doubt(state):
    assert read_state(state, "uuid", "?") == Answer("doubtful", text="?")
