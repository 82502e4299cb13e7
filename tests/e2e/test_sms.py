"""Messages through a real Kannel: delivery reports and replies come back as from any (M1 to M5)."""

import os
import threading

import pytest

from .sms_house import SILENT, STOP, YES, running_sms_house


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory):
    """A server, a Kannel and its phones."""
    order = tmp_path_factory.mktemp("sms") / "order"
    with running_sms_house(f"ecm_e2e_sms_{os.getpid()}", order) as house:
        yield house


@pytest.fixture
def house(shared_house):
    shared_house.begin()
    yield shared_house
    shared_house.end()


def test_a_campaign_from_the_file_to_the_replies(house):
    """Everybody gets one message; who replies is closed, who says STOP gets nothing more."""
    silent, yes, stop = (
        house.numbers(count, how) for count, how in ((30, SILENT), (6, YES), (4, STOP))
    )
    everybody = [*silent, *yes, *stop]
    house.upload(everybody)
    house.start()
    house.turn()
    house.wait_for_phones(40)
    house.wait_for_reports(40)
    assert house.count_messages() == {"delivered": 40}

    closed = {"sms_sent": 30, "sms_responded": 6, "dnc_listed": 4}
    house.wait_until(lambda: house.tally() == closed, "replies")
    # A STOP is answered, and nothing else.
    house.turn()
    house.wait_for_phones(44)
    house.turn()
    house.assert_nobody_got_two([*silent, *yes])
    house.assert_nobody_got_two(stop, 2)

    # Another campaign knows who wants nothing more.
    house.campaign_id = house.create_campaign("The next one")
    house.upload([silent[0], *stop])
    house.start()
    house.turn()
    house.wait_for_phones(45)
    assert house.tally() == {"sms_sent": 1, "dnc_listed": 4}
    house.assert_nobody_got_two(stop, 2)
    house.assert_log_is_clean()


def test_who_does_not_reply_in_time_is_closed(house):
    house.upload(house.numbers(3))
    house.start()
    house.turn()
    house.wait_for_reports(3)
    house.let_time_for_replies_pass()
    house.turn()
    assert house.tally() == {"sms_sent_closed": 3}
    house.assert_nobody_got_two(house.numbers(3))


@pytest.mark.parametrize(
    "text",
    [
        'Grüße, Ñando & 100 % [€] = "ok"',
        "Здравствуйте! مرحبا 😀",
        "Long: " + "0123456789" * 30,
    ],
    ids=["gsm", "unicode", "long"],
)
def test_a_text_arrives_as_it_was_written(house, text):
    [template] = house.client.call("ecm.campaign", "read", [house.campaign_id], ["sms_template_id"])
    house.client.call("sms.template", "write", [template["sms_template_id"][0]], {"body": text})
    house.client.call("ecm.campaign", "write", [house.campaign_id], {"sms_opt_out": False})
    [number] = house.numbers(1)
    house.upload([number])
    house.start()
    house.turn()
    [(parts, told)] = house.sql(
        "SELECT parts, text FROM ecm_sms_message WHERE campaign_id = %s", house.campaign_id
    )
    house.wait_for_phones(parts)
    assert told == text
    assert "".join(house.get_texts()[number]) == text


@pytest.mark.parametrize(
    "text", ["Ja, gerne!", "Grüße", "مرحبا 😀", "", "x" * 1600], ids=str.__len__
)
def test_a_reply_arrives_as_it_was_written(house, text):
    [number] = house.numbers(1)
    house.upload([number])
    house.start()
    house.turn()
    house.wait_for_phones(1)
    house.phones.write(number, text)
    house.wait_until(lambda: house.tally() == {"sms_responded": 1}, "the reply")
    replies = house.sql("SELECT text FROM ecm_sms_reply WHERE number = %s", number)
    assert replies == [(text,)]


def test_a_kannel_that_is_down_loses_nobody(house):
    numbers = house.numbers(5)
    house.upload(numbers)
    house.start()
    url = house.kannel.sendsms_url
    house.client.call(
        "ecm.sms.gateway",
        "write",
        [house.gateway_id],
        {"url": url.replace("127.0.0.1", "127.0.0.2")},
    )
    house.turn()
    assert house.tally() == {"pending": 5}
    # Whoever mends the settings does not wait for the end of a pause.
    house.client.call("ecm.sms.gateway", "write", [house.gateway_id], {"url": url})
    house.turn()
    house.wait_for_phones(5)
    house.wait_for_reports(5)
    house.assert_nobody_got_two(numbers)


def test_a_wrong_password_is_told_and_loses_nobody(house):
    numbers = house.numbers(5)
    house.upload(numbers)
    house.start()
    house.client.call("ecm.sms.gateway", "write", [house.gateway_id], {"password": "wrong"})
    house.turn()
    assert house.tally() == {"pending": 5}
    [gateway] = house.client.call("ecm.sms.gateway", "read", [house.gateway_id], ["last_error"])
    assert "check its settings" in gateway["last_error"]
    password = {"password": house.kannel.password}
    house.client.call("ecm.sms.gateway", "write", [house.gateway_id], password)
    house.turn()
    house.wait_for_phones(5)
    house.assert_nobody_got_two(numbers)


def test_a_server_that_dies_while_it_sends_texts_nobody_twice(house):
    numbers = house.numbers(20)
    house.upload(numbers)
    house.start()
    house.client.call("ecm.sms.gateway", "write", [house.gateway_id], {"rate": 5})
    sending = threading.Thread(target=house.turn_that_dies)
    sending.start()
    house.wait_for_phones(3)
    house.server.kill()
    sending.join(30)
    house.restart()
    house.client.call("ecm.sms.gateway", "write", [house.gateway_id], {"rate": 0})
    house.turn()
    assert house.tally() == {"sms_sent": 20}, "in doubt: nothing is sent again blindly"
    got = house.count_received()
    house.let_doubts_age()
    house.turn()
    house.wait_for_reports(got)
    assert house.count_received() == got
    house.assert_nobody_got_two(house.get_texts())
    house.let_time_for_replies_pass()
    house.turn()
    assert house.tally() == {"sms_sent_closed": 20}
