"""Messages into a real Kannel, and what Kannel reports of them.

`make bench NAME=sms ARGS="20000 2000"`: messages of a campaign, and messages that Odoo's own mass
SMS sends through the same gateway. `messages_per_s` is the gateway's scheduled action through
ir.cron, from ready contacts to the last receipt written; the `limit` is a bare `requests` session
that sends the same requests one after the other, before and after. `dlr_per_s` are delivery reports
that come to a server in arrays, from the first call to the last message that is marked as delivered;
`dlr_calls_per_s` the same where Kannel calls for each; `dlr_single_per_s` where something that costs
nearly nothing does so, over eight connections, and `dlr_single_workers_per_s` that into two workers.
"""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import requests
import urllib3

from scripts.console import say
from scripts.kannel import Handsets, Kannel
from scripts.odoo_server import OdooServer

from . import common

TEXT = "Hello {{ First name }}, your order {{ P1 }} arrives on {{ P2 ||| Monday }}."
SAMPLE = 3000
REPORTS_A_CALL = 1000
CALLS = 2000
CONNECTIONS = 8
# As odoo.conf.example has it: a filter beside the database's name makes each call dearer.
OPTIONS = ("--db-filter=",)

FILL = """
INSERT INTO ecm_contact (campaign_id, company_id, channel, state, phone_1, first_name, priority,
                         is_ready, is_retry, next_position, number_to_call, attempt_count,
                         uncounted_count, added_at, cycle, business_parameters)
SELECT %(campaign)s, %(company)s, 'sms', 'pending', '+49151' || (20000000 + n), 'Anna', 0,
       TRUE, FALSE, 1, '+49151' || (20000000 + n), 0,
       0, now() AT TIME ZONE 'UTC', 1,
       jsonb_build_object('business_parameter_1', 'A-' || n, 'business_parameter_2', 'Friday')
  FROM generate_series(%(first)s, %(last)s) AS n
"""


class Benchmark:
    """A campaign of messages on a gateway that sends through a Kannel."""

    def __init__(self, env: Any, kannel: Kannel) -> None:
        self.env, self.kannel = env, kannel
        self.gateway = env["ecm.sms.gateway"].create(kannel.gateway_values())
        # Nobody listens yet for delivery reports.
        self.parameters = self.gateway.parameters
        self.report(False)
        template = env["sms.template"].create(
            {"name": "Bench", "model_id": env["ir.model"]._get_id("ecm.contact"), "body": TEXT}
        )
        self.campaign = common.create_campaign(
            env,
            "Messages",
            kind="sms",
            strategy_id=env.ref("ecm_campaign.ecm_strategy_default").id,
            callback_strategy_id=False,
            sms_gateway_id=self.gateway.id,
            sms_template_id=template.id,
            parameters_definition=[
                {"name": f"business_parameter_{n}", "type": "char", "string": f"P{n}"}
                for n in (1, 2)
            ],
            is_running=True,
        )
        env.cr.commit()
        self.filled = 0

    def report(self, is_wanted: bool) -> None:
        """Whether Kannel reports what it delivers."""
        mask = "dlr-mask = 19" if is_wanted else "dlr-mask = 0"
        self.gateway.parameters = self.parameters.replace("dlr-mask = 19", mask)
        self.env.cr.commit()

    def fill(self, count: int) -> None:
        """Contacts that are ready."""
        parameters = {
            "campaign": self.campaign.id,
            "company": self.env.company.id,
            "first": self.filled + 1,
            "last": self.filled + count,
        }
        self.env.cr.execute(FILL, parameters)
        self.filled += count
        self.env.cr.commit()
        common.vacuum(self.env, "ecm_contact", "ecm_attempt", "ecm_sms_message")

    def send_all(self) -> None:
        """Turns of the gateway until nobody waits."""
        action = self.gateway.sudo().cron_id
        while self.count("ecm_contact", "state = 'pending'"):
            common.run_scheduled_action(self.env, action)
            self.env.cr.rollback()
            self.env.invalidate_all()
            if self.gateway.last_error:
                raise SystemExit(self.gateway.last_error)
        if self.count("ecm_attempt", "state <> 'sent'"):
            raise SystemExit("Not every message was taken")

    def wait_for(self, phones: Handsets, count: int) -> None:
        """Everything that Kannel has taken arrives, once."""
        deadline = time.monotonic() + 60
        while phones.count < count and time.monotonic() < deadline:
            time.sleep(0.1)
        if phones.count != count:
            raise SystemExit(f"{phones.count:,} messages have arrived instead of {count:,}")

    def count(self, table: str, condition: str) -> int:
        self.env.cr.execute(f"SELECT count(*) FROM {table} WHERE {condition}")
        return int(self.env.cr.fetchone()[0])

    def measure_limit(self, count: int) -> float:
        """Messages a second by a bare session, one after the other."""
        client = self.gateway._get_client()
        from odoo.addons.ecm_sms.sender import make_message

        text = "Hello Anna, your order A-1000 arrives on Friday."
        urls = []
        for number in range(count):
            message = make_message(f"bare-{number}", f"+49152{20000000 + number}", text)
            urls.append(client.make_request(message).url)
        self.env.cr.rollback()

        def send() -> None:
            with requests.Session() as session:
                for url in urls:
                    session.get(url, timeout=30).raise_for_status()

        return count / common.seconds(send)

    def measure_sending(self, count: int) -> float:
        """Messages a second by the gateway's turns."""
        self.fill(count)
        return count / common.seconds(self.send_all)

    # -- Odoo's own -------------------------------------------------------------------------------

    def measure_mailing(self, count: int) -> float:
        """Messages a second by Odoo's mass SMS, from *Send* to the last receipt."""
        env = self.env
        env.company.sms_gateway_id = self.gateway
        partners = env["res.partner"].create(
            [{"name": f"P{n}", "phone": f"+49151{60000000 + n}"} for n in range(count)]
        )
        mailing = env["mailing.mailing"].create(
            {
                "subject": "Bench",
                "mailing_type": "sms",
                "mailing_model_id": env["ir.model"]._get_id("res.partner"),
                "mailing_domain": repr([("id", "in", partners.ids)]),
                "body_plaintext": "Hello {{ object.name }}, your order arrives on Friday.",
                "sms_force_send": False,
            }
        )
        env.cr.commit()

        def send() -> None:
            mailing.action_send_sms()
            env.cr.commit()
            queue = env.ref("sms.ir_cron_sms_scheduler_action")
            while self.count("sms_sms", "state = 'outgoing'"):
                common.run_scheduled_action(env, queue)
                env.cr.rollback()
            while self.count("ecm_sms_notice", "state = 'queued'"):
                common.run_scheduled_action(env, self.gateway.sudo().cron_id)
                env.cr.rollback()

        elapsed = common.seconds(send)
        if self.count("ecm_sms_notice", "state = 'sent'") != count:
            raise SystemExit("Odoo's mailing was not sent")
        return count / elapsed

    # -- reports ----------------------------------------------------------------------------------

    def find_sent_keys(self) -> list[str]:
        """Keys of messages that nothing was reported of yet."""
        self.env.cr.execute(
            "SELECT a.key FROM ecm_attempt a JOIN ecm_sms_message m ON m.attempt_id = a.id"
            " WHERE m.state = 'sent' ORDER BY a.id"
        )
        return [key for (key,) in self.env.cr.fetchall()]

    def get_report_url(self, server: OdooServer) -> str:
        """Where a server takes delivery reports."""
        _base, _slash, path = self.gateway.report_url.partition("/ecm_sms/")
        return f"http://127.0.0.1:{server.port}/ecm_sms/{path}"

    def measure_single(self, server: OdooServer, keys: list[str]) -> float:
        """Delivery reports a second, with a call for each, over several connections at a time; they
        stay open where the server lets them.
        """
        before = self.count("ecm_sms_message", "state = 'delivered'")
        self.env.cr.rollback()
        url = self.get_report_url(server)

        def tell() -> None:
            pool = urllib3.PoolManager(maxsize=CONNECTIONS, block=True)
            with ThreadPoolExecutor(CONNECTIONS) as threads:
                told = threads.map(lambda key: _tell_one(pool, f"{url}?key={key}&status=1"), keys)
                if set(told) != {200}:
                    raise SystemExit("A report was refused")
            self.wait_until_delivered(before + len(keys))

        return len(keys) / common.seconds(tell)

    def measure_arrays(self, server: OdooServer, keys: list[str]) -> float:
        """Delivery reports a second, that come many at a time."""
        before = self.count("ecm_sms_message", "state = 'delivered'")
        self.env.cr.rollback()
        url = self.get_report_url(server)

        def tell() -> None:
            for start in range(0, len(keys), REPORTS_A_CALL):
                part = keys[start : start + REPORTS_A_CALL]
                body = json.dumps([{"key": key, "status": "1"} for key in part]).encode()
                headers = {"Content-Type": "application/json"}
                request = urllib.request.Request(url, body, headers)
                urllib.request.urlopen(request, timeout=60).close()
            self.wait_until_delivered(before + len(keys))

        return len(keys) / common.seconds(tell)

    def measure_calls(self, server: OdooServer, count: int) -> float:
        """Delivery reports a second, with a call of Kannel for each; sending is not counted."""
        before = self.count("ecm_sms_message", "state = 'delivered'")
        self.gateway.callback_base = server.url
        self.report(True)
        self.fill(count)
        self.gateway._trigger_turn()
        self.env.cr.commit()
        while self.count("ecm_contact", "state = 'pending'"):
            self.env.cr.rollback()
            time.sleep(0.02)
        start, arrived = time.perf_counter(), self.count("ecm_sms_message", "state = 'delivered'")
        self.wait_until_delivered(before + count)
        return (before + count - arrived) / (time.perf_counter() - start)

    def wait_until_delivered(self, count: int) -> None:
        deadline = time.monotonic() + 600
        while self.count("ecm_sms_message", "state = 'delivered'") < count:
            if time.monotonic() > deadline:
                raise SystemExit("Not every report was applied")
            self.env.cr.rollback()
            time.sleep(0.05)


@contextmanager
def running(server: OdooServer) -> Iterator[OdooServer]:
    """A server that is stopped afterwards."""
    try:
        yield server.start()
    finally:
        server.stop()


def _tell_one(pool: urllib3.PoolManager, url: str) -> int:
    # A server that has too many callers waiting refuses some: Kannel calls again, too.
    again = urllib3.Retry(total=None, connect=20, read=0, backoff_factor=0.02)
    return pool.request("GET", url, retries=again, timeout=60).status


def main() -> None:
    given = [int(word) for word in sys.argv[1:]]
    defaults = (20_000, 2000)
    count, mailed = *given, *defaults[len(given) :]
    kannel = Kannel("bench")
    try:
        with common.odoo_environment("sms", "mass_mailing_sms") as env:
            kannel.start("http://127.0.0.1:9/nobody")
            phones = Handsets(kannel.operator_port, keeps=False)
            benchmark = Benchmark(env, kannel)
            say(f"{SAMPLE:,} messages by a bare session")
            load_average = os.getloadavg()[0]
            limits = [benchmark.measure_limit(SAMPLE)]
            say(f"{count:,} messages of a campaign")
            messages_per_s = benchmark.measure_sending(count)
            limits.append(benchmark.measure_limit(SAMPLE))
            say(f"{mailed:,} messages of Odoo's mass SMS")
            mailing_per_s = benchmark.measure_mailing(mailed)
            benchmark.wait_for(phones, count + mailed + 2 * SAMPLE)
            say("Delivery reports")
            keys = benchmark.find_sent_keys()
            with running(OdooServer(env.cr.dbname, cron_threads=1, options=OPTIONS)) as server:
                dlr_per_s = benchmark.measure_arrays(server, keys[2 * CALLS :])
                dlr_calls_per_s = benchmark.measure_calls(server, CALLS)
                dlr_single_per_s = benchmark.measure_single(server, keys[:CALLS])
            workers = OdooServer(env.cr.dbname, cron_threads=1, workers=2, options=OPTIONS)
            with running(workers) as server:
                keys_of_workers = keys[CALLS : 2 * CALLS]
                dlr_single_workers_per_s = benchmark.measure_single(server, keys_of_workers)
    finally:
        kannel.stop()
    limit = sum(limits) / len(limits)
    common.report(
        messages=count,
        messages_per_s=round(messages_per_s),
        limit_per_s=[round(each) for each in limits],
        of_limit=messages_per_s / limit,
        mailing_per_s=round(mailing_per_s),
        ratio=messages_per_s / mailing_per_s,
        dlr_per_s=round(dlr_per_s),
        dlr_calls_per_s=round(dlr_calls_per_s),
        dlr_single_per_s=round(dlr_single_per_s),
        dlr_single_workers_per_s=round(dlr_single_workers_per_s),
        load_average=load_average,
    )


if __name__ == "__main__":
    main()
