"""A server that sends messages through a real Kannel to phones that keep what they get."""

import contextlib
import http.client
import itertools
import time
from pathlib import Path

from scripts import databases, demo_sms, templates
from scripts.kannel import Handsets, Kannel
from scripts.odoo_server import OdooServer

from .stage import Stage

# How a number ends says what its owner writes back.
SILENT, YES, STOP = "5", "1", "0"
PATIENCE_S = 30


@contextlib.contextmanager
def running_sms_house(name: str, order: Path, **options):
    """A server on a fresh database, a Kannel and its phones.

    :param options: of `OdooServer`
    """
    templates.new_database(name, demo=False)
    server, kannel = OdooServer(name, cron_threads=0, **options), Kannel(name)
    server.log.unlink(missing_ok=True)
    try:
        yield SmsHouse(server.start(), kannel, order)
    finally:
        kannel.kill()
        server.kill()
    databases.drop(name)


class SmsHouse(Stage):
    """Cases follow each other here, each with a campaign and numbers of its own.

    :param order: the file that says at which point the worker dies
    """

    def __init__(self, server: OdooServer, kannel: Kannel, order: Path) -> None:
        super().__init__(server)
        self.kannel, self.order = kannel, order
        base = f"http://127.0.0.1:{server.port}"
        self.gateway_id = demo_sms.create_gateway(self.client, kannel, base)
        self.phones = Handsets(kannel.operator_port, demo_sms.answer)
        self._cases = itertools.count(10)

    # -- a case -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """A campaign of its own."""
        self._case = next(self._cases)
        self.campaign_id = self.create_campaign(f"Case {self._case}")
        self._log_start = len(self.server.log_text())

    def end(self) -> None:
        """Leave nothing that the next case would meet, also after a failure."""
        self.order.unlink(missing_ok=True)
        self.client.call("ecm.campaign", "action_stop", [self.campaign_id])

    def create_campaign(self, name: str) -> int:
        return demo_sms.create_campaign(self.client, self.gateway_id, name=name)

    def numbers(self, count: int, ending: str = SILENT) -> list[str]:
        """Numbers in Berlin that no other case has."""
        return [f"+4930{self._case}{n:05d}{ending}" for n in range(count)]

    def die(self, point: str, work, times: int = 1) -> None:
        """Have the worker die at a point, and another one follow it."""
        self.order.write_text(f"{point} {times}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            work()
        assert not self.order.exists(), f"{point} was not reached"

    def die_by_itself(self, point: str, times: int = 1) -> None:
        """Have the worker die when Kannel comes there."""
        self.order.write_text(f"{point} {times}")

    def wait_for_death(self) -> None:
        self.wait_until(lambda: not self.order.exists(), "a death")

    # -- steps ------------------------------------------------------------------------------------

    def turn(self) -> None:
        """One turn of the gateway."""
        self.run(f"ecm_sms.ir_cron_ecm_sms_gateway_{self.gateway_id}")

    def turn_that_dies(self) -> None:
        """A turn amid which the server is killed."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.turn()

    def wait_until(self, is_so, what: str) -> None:
        """Wait for Kannel and the phones, which go on by themselves."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline, f"in vain: {what}"
            time.sleep(0.05)

    def wait_for_phones(self, count: int) -> None:
        """Wait until the phones of this case have got so many messages."""
        self.wait_until(lambda: self.count_received() >= count, f"{count} messages")

    def wait_for_reports(self, count: int) -> None:
        """Wait until so many reports of this campaign have come, and take a turn that applies them."""
        self.wait_until(lambda: self.count_reports() >= count, f"{count} reports")
        self.turn()

    def let_doubts_age(self) -> None:
        """Let the time of doubt pass, and the gateway's pause."""
        self.sql(
            "UPDATE ecm_attempt SET claimed_at = claimed_at - interval '1 hour'"
            " WHERE state = 'claimed'"
        )
        self.sql(
            "UPDATE ecm_sms_notice SET claimed_at = claimed_at - interval '1 hour'"
            " WHERE state = 'waiting'"
        )
        self.sql("UPDATE ecm_sms_gateway SET paused_until = NULL, sending_until = NULL")

    def let_time_for_replies_pass(self) -> None:
        self.sql(
            "UPDATE ecm_sms_message SET reply_until = now() AT TIME ZONE 'UTC' - interval '1 minute'"
            " WHERE campaign_id = %s AND reply_until IS NOT NULL",
            self.campaign_id,
        )

    def finish(self) -> None:
        """Go on until everybody is closed."""
        self.let_doubts_age()
        self.turn()
        self.wait_for_reports(self.count_received())
        self.let_time_for_replies_pass()
        self.turn()
        assert not {"pending", "sms_sent"} & set(self.tally())
        self.assert_log_is_clean()

    # -- what is there ----------------------------------------------------------------------------

    def get_texts(self) -> dict[str, list[str]]:
        """What the phones of this case have got: texts by number."""
        texts: dict[str, list[str]] = {}
        for message in list(self.phones.received):
            if message.number.startswith(f"+4930{self._case}"):
                texts.setdefault(message.number, []).append(message.text)
        return texts

    def count_received(self) -> int:
        return sum(map(len, self.get_texts().values()))

    def count_messages(self) -> dict[str, int]:
        """Messages of the campaign by state."""
        rows = self.sql(
            "SELECT state, count(*) FROM ecm_sms_message WHERE campaign_id = %s GROUP BY state",
            self.campaign_id,
        )
        return dict(rows)

    def count_reports(self) -> int:
        """Reports that wait for a turn, and those that were applied."""
        [(count,)] = self.sql(
            """SELECT (SELECT count(*) FROM ecm_sms_report r JOIN ecm_attempt a ON a.key = r.key
                        WHERE a.campaign_id = %s)
                    + (SELECT count(*) FROM ecm_sms_message
                        WHERE campaign_id = %s AND state = 'delivered')""",
            self.campaign_id,
            self.campaign_id,
        )
        return int(count)

    # -- what must hold ---------------------------------------------------------------------------

    def assert_nobody_got_two(self, numbers, count: int = 1) -> None:
        """Each of these numbers has one message, by the phones' word and by Kannel's own record.

        :param count: another number of messages, where there is an answer too
        """
        texts, sent = self.get_texts(), self.kannel.count_sent()
        assert {number: len(texts[number]) for number in numbers} == dict.fromkeys(numbers, count)
        assert {number: sent[number] for number in numbers} == dict.fromkeys(numbers, count)

    def assert_log_is_clean(self) -> None:
        """Nothing that an operator would have to look at."""
        lines = self.server.log_text()[self._log_start :].splitlines()
        assert [line for line in lines if " ERROR " in line or " CRITICAL " in line] == []
