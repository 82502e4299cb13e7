"""How crash points of messages are reached; what must hold is asked of Kannel and of the phones."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .crash_house import Case
from .sms_house import SILENT, STOP, YES

COUNT = 6


def send_nothing_yet(house, ending=SILENT):
    """Contacts that are ready, in a campaign that runs; their numbers."""
    numbers = house.numbers(COUNT, ending)
    house.upload(numbers)
    house.start()
    return numbers


def send(house, ending=SILENT):
    """Messages that have arrived, with reports that wait for a turn; their numbers."""
    numbers = send_nothing_yet(house, ending)
    house.turn()
    house.wait_for_phones(COUNT)
    house.wait_until(lambda: house.count_reports() == COUNT, "reports")
    return numbers


# -- sending --------------------------------------------------------------------------------------


def text_nobody(house, case):
    """It dies before anything has left, and what may have left is not sent again."""
    send_nothing_yet(house)
    house.die(case.point, house.turn)
    house.finish()
    assert house.count_received() == 0
    assert house.tally() == {"sms_sent_closed": COUNT}


def text_everybody(house, case):
    """It dies after the gateway has them."""
    numbers = send_nothing_yet(house)
    house.die(case.point, house.turn)
    house.wait_for_phones(COUNT)
    house.finish()
    house.assert_nobody_got_two(numbers)


SENDING = [
    Case("feed.claimed", text_nobody),
    Case("feed.stamped", text_nobody),
    Case("feed.sent", text_everybody, is_quick=True),
    Case("feed.received", text_everybody),
    Case("feed.ended", text_everybody),
]

# -- what comes back ------------------------------------------------------------------------------


def report(house, case):
    """Kannel, which gets no answer, tells again."""
    numbers = send_nothing_yet(house)
    house.die_by_itself(case.point, case.times)
    house.turn()
    house.wait_for_death()
    house.wait_for_reports(COUNT)
    assert house.count_messages() == {"delivered": COUNT}
    house.finish()
    house.assert_nobody_got_two(numbers)


def apply_reports(house, case):
    numbers = send(house)
    house.die(case.point, house.turn)
    house.turn()
    assert house.count_messages() == {"delivered": COUNT}
    house.finish()
    house.assert_nobody_got_two(numbers)


def reply(house, case):
    """A reply that Kannel tells again is one."""
    house.die_by_itself(case.point)
    numbers = send(house, YES)
    house.wait_for_death()
    house.wait_until(lambda: house.tally() == {"sms_responded": COUNT}, "replies")
    replies = house.sql(
        "SELECT number, count(*) FROM ecm_sms_reply WHERE campaign_id = %s GROUP BY number",
        house.campaign_id,
    )
    assert dict(replies) == dict.fromkeys(numbers, 1)
    house.finish()


def end(house, case):
    numbers = send(house)
    house.turn()
    house.let_time_for_replies_pass()
    house.die(case.point, house.turn)
    house.finish()
    assert house.tally() == {"sms_sent_closed": COUNT}
    house.assert_nobody_got_two(numbers)


COMING_BACK = [
    Case("sms.reported", report),
    Case("sms.reported", report, times=3, is_quick=True),
    Case("sms.applied", apply_reports, is_quick=True),
    Case("sms.replied", reply),
    Case("sms.ended", end),
]

# -- answers --------------------------------------------------------------------------------------


def answer_nobody(house, case):
    """It dies before an answer has left, which may have."""
    check_answers(house, case, 1)


def answer_everybody(house, case):
    check_answers(house, case, 2)


def check_answers(house, case, expected):
    """:param expected: messages to each number, with the first one"""
    numbers = send(house, STOP)
    house.wait_until(lambda: house.tally() == {"dnc_listed": COUNT}, "replies")
    house.die(case.point, house.turn)
    house.wait_for_phones(COUNT * expected)
    house.let_doubts_age()
    house.turn()
    house.turn()
    house.assert_nobody_got_two(numbers, expected)
    house.assert_log_is_clean()


ANSWERS = [
    Case("sms.notices_claimed", answer_nobody),
    Case("sms.notices_sent", answer_everybody, is_quick=True),
    Case("sms.notices_noted", answer_everybody),
]

# -- asking ---------------------------------------------------------------------------------------


class Status(BaseHTTPRequestHandler):
    """A gateway that knows that everything has arrived."""

    def do_GET(self):
        body = json.dumps({"status": "1"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


def ask(house, case):
    """What was not told is asked for again later."""
    with asked(house):
        numbers = send_nothing_yet(house)
        house.turn()
        house.wait_for_phones(COUNT)
        make_due(house)
        house.die(case.point, house.turn)
        make_due(house)
        house.turn()
        assert house.count_messages() == {"delivered": COUNT}
    house.finish()
    house.assert_nobody_got_two(numbers)


@contextlib.contextmanager
def asked(house):
    """The gateway is asked, and reports nothing by itself."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Status)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    names = ["poll_url", "poll_status", "parameters"]
    [before] = house.client.call("ecm.sms.gateway", "read", [house.gateway_id], names)
    parameters = before["parameters"].replace("dlr-mask = 19", "dlr-mask = 0")
    url = f"http://127.0.0.1:{server.server_port}/{{key}}"
    values = {"poll_url": url, "poll_status": "status", "parameters": parameters}
    house.client.call("ecm.sms.gateway", "write", [house.gateway_id], values)
    try:
        yield
    finally:
        before.pop("id")
        house.client.call("ecm.sms.gateway", "write", [house.gateway_id], before)
        server.shutdown()
        server.server_close()


def make_due(house):
    house.sql(
        "UPDATE ecm_sms_message SET ask_at = now() AT TIME ZONE 'UTC' - interval '1 minute'"
        " WHERE campaign_id = %s AND ask_at IS NOT NULL",
        house.campaign_id,
    )


ASKING = [
    Case("sms.asking", ask),
    Case("sms.asked", ask),
    Case("sms.told", ask),
]

CASES = [*SENDING, *COMING_BACK, *ANSWERS, *ASKING]
