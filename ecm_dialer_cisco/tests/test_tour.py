import importlib.util
import itertools
import json
import os
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import skipUnless
from unittest.mock import patch
from urllib.parse import quote

from odoo import SUPERUSER_ID, api
from odoo.tests import new_test_user, tagged
from odoo.tests.common import ChromeBrowser

from odoo.addons.ecm_campaign.tests.common import TourCase

CRON_SECONDS = 0.5
RETRIED = ("busy", "no_answer", "answering_machine")
# What the simulator makes of a number's last digits: calls until the end, and the state then.
NUMBERS = {
    "+12025550100": (1, "connected"),
    "+12025550101": (1, "connected"),
    "+12025550102": (1, "connected"),
    "+12025550103": (1, "connected"),
    "+12025550110": (1, "connected"),
    "+12025550109": (2, "connected"),  # busy
    "+12025550139": (2, "connected"),  # no answer
    "+12025550119": (3, "connected"),  # busy twice
    "+12025550129": (3, "retries_completed"),  # busy three times
    "+12025550104": (3, "retries_completed"),  # answering machine, always
    "+12025550118": (1, "dnc_listed"),  # asks not to be called
    "+12025550107": (1, "not_connected"),  # invalid number
}


def _has_simulator():
    return all(importlib.util.find_spec(name) for name in ("simulators", "scripts"))


class UccxTourCase(TourCase):
    """A browser, an administrator and a supervisor, and a simulated UCCX."""

    def setUp(self):
        super().setUp()
        self.administrator = self._create_user("administrator")
        self.supervisor = self._create_user("supervisor")
        resources = ExitStack()
        self.addCleanup(resources.close)
        self.uccx = resources.enter_context(self._running_uccx())

    def _create_user(self, role):
        groups = f"ecm_campaign.ecm_campaign_group_{role}"
        return new_test_user(self.env, login=f"ecm_tour_{role}", groups=groups, tz="UTC")

    @contextmanager
    def _running_uccx(self):
        """A simulator process with a database of its own in the private cluster."""
        from scripts import cluster, databases
        from simulators.uccx.testing import running_simulator

        name = f"ecm_tour_uccx_{os.getpid()}"
        databases.drop(name)
        databases.create(name)
        try:
            with running_simulator(cluster.load().uri(name)) as uccx:
                yield uccx
        finally:
            databases.drop(name)

    def _cookie(self):
        """What the tours must know."""
        rows = [f"{number},Anna,No. {position}" for position, number in enumerate(NUMBERS, 1)]
        values = {
            "host": self.uccx.host,
            "port": self.uccx.port,
            "certificate": Path(self.uccx.ca_file).read_text(),
            "user": self.uccx.user,
            "password": self.uccx.password,
            "results_connection": self.uccx.odbc_connection_string(),
            "results_password": "odoo",
            "file": "\n".join(["phone,first name,last name", *rows]),
        }
        return {"ecm_uccx": quote(json.dumps(values))}


@skipUnless(_has_simulator(), "The UCCX simulator is in the suite's repository only")
@tagged("post_install", "-at_install")
class TestDialerTour(UccxTourCase):
    """A dialer is connected and a campaign runs to its end, in the browser, against a simulated
    UCCX (issue A).
    """

    def setUp(self):
        super().setUp()
        self.strategy = self._create_strategy()

    def _create_strategy(self):
        """Three calls of phone 1; what a second call may help is called again at once."""
        strategy = self.env["ecm.strategy"].create({"name": "At once, three times"})
        attempts = self.env["ecm.strategy.attempt"].create(
            [
                {"strategy_id": strategy.id, "sequence": position, "phone_index": "1"}
                for position in (1, 2, 3)
            ]
        )
        outcomes = [self.env.ref(f"ecm_campaign.ecm_outcome_{code}") for code in RETRIED]
        self.env["ecm.strategy.rule"].create(
            [
                {
                    "attempt_id": attempt.id,
                    "outcome_id": outcome.id,
                    "next_attempt_id": following.id,
                }
                for attempt, following in itertools.pairwise(attempts)
                for outcome in outcomes
            ]
        )
        return strategy

    @contextmanager
    def _scheduled_actions(self):
        """Run the scheduled actions twice a second; in tests they do not run by themselves.

        For as long as only the browser works: before and after, the test uses its cursor itself.
        """
        ended, failures = threading.Event(), []

        def run():
            while not ended.wait(CRON_SECONDS):
                try:
                    self._run_scheduled_actions()
                except Exception as error:  # noqa: BLE001  raised in the test's own thread below
                    failures.append(error)
                    return

        thread = threading.Thread(target=run, name="ecm scheduled actions", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
        if failures:
            raise failures[0]

    def _run_scheduled_actions(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["ecm.contact.list"]._cron_import()
            dialers = env["ecm.dialer"].search([("is_enabled", "=", True)])
            for dialer in dialers:
                env["ecm.engine"]._feed_owner(dialer)
                env["ecm.engine"]._sync_safely(dialer)

    def _start_tour(self, url, name, user):
        wait_for_tour = ChromeBrowser._wait_code_ok

        def wait(browser, *args, **settings):
            with self._scheduled_actions():
                return wait_for_tour(browser, *args, **settings)

        with patch.object(ChromeBrowser, "_wait_code_ok", wait):
            self.start_tour(url, name, login=user.login, cookies=self._cookie(), timeout=120)
        self.env.invalidate_all()

    def test_campaign_from_the_dialers_address_to_the_last_closed_contact(self):
        self._start_tour("/odoo/ecm-dialers", "ecm_dialer_connect", self.administrator)
        dialer = self.env["ecm.dialer"].search([("name", "=", "UCCX of the tour")])
        self._assert_connected(dialer)

        self._start_tour("/odoo/outbound-campaigns", "ecm_dialer_campaign", self.supervisor)
        self._assert_finished(self.env["ecm.campaign"].search([("name", "=", "Tour sales")]))
        self.assertFalse(dialer.last_error)
        self.assertFalse(any(dialer.dialer_campaign_ids.mapped("last_error")))

    def _assert_connected(self, dialer):
        self.assertTrue(dialer.is_enabled)
        self.assertEqual(dialer.dialer_campaign_count, 4)
        self.assertEqual(dialer._get_secret(), self.uccx.password)
        self.assertEqual(dialer._get_secret("results_password"), "odoo")
        self.assertNotIn("PWD", dialer.results_connection)

    def _assert_finished(self, campaign):
        """Every contact ended as its number says, and the dialer placed the calls of our history:
        each once.
        """
        self.assertEqual(campaign.status, "finished")
        contacts = self.env["ecm.contact"].search([("campaign_id", "=", campaign.id)])
        ended = {contact.phone_1: (contact.attempt_count, contact.state) for contact in contacts}
        self.assertEqual(ended, NUMBERS)
        dialled = sorted((call["accountnumber"], call["phone"]) for call in self.uccx.dialled())
        attempts = self.env["ecm.attempt"].search([("campaign_id", "=", campaign.id)])
        self.assertEqual(dialled, sorted((attempt.key, attempt.number) for attempt in attempts))
        self.assertEqual(
            len({key for key, _phone in dialled}), sum(calls for calls, _state in NUMBERS.values())
        )


@skipUnless(_has_simulator(), "The UCCX simulator is in the suite's repository only")
@tagged("post_install", "-at_install")
class TestDncTour(UccxTourCase):
    """A number is listed while its campaign runs: it is not called, and *Check a number* says why
    (N1, N2).
    """

    CALLED = ("+12025550100", "+12025550102")
    LISTED = "+12025550101"

    def setUp(self):
        super().setUp()
        self.dialer = self._connect_dialer()
        self.campaign = self._create_campaign()
        self.contacts = self.env["ecm.contact"].create(
            [
                {"campaign_id": self.campaign.id, "phone_1": number}
                for number in sorted((*self.CALLED, self.LISTED))
            ]
        )
        self.dnc_list = self.env["ecm.dnc.list"].create(
            {
                "name": "Fair visitors",
                "dnc_class": "corporate",
                "company_id": self.env.company.id,
            }
        )
        self.campaign.action_start()

    def _connect_dialer(self):
        uccx = self.uccx
        dialer = self.env["ecm.dialer"].create(
            {
                "name": "UCCX of the tour",
                "host": uccx.host,
                "port": uccx.port,
                "tls_mode": "certificate",
                "tls_certificate": Path(uccx.ca_file).read_text(),
                "user": uccx.user,
                "password": uccx.password,
                "results_connection": uccx.odbc_connection_string(),
                "results_password": "odoo",
                "is_enabled": True,
            }
        )
        dialer.action_fetch_campaigns()
        return dialer

    def _create_campaign(self):
        strategy = self.env["ecm.strategy"].create({"name": "One call"})
        self.env["ecm.strategy.attempt"].create(
            {"strategy_id": strategy.id, "sequence": 1, "phone_index": "1"}
        )
        target = self.dialer.dialer_campaign_ids.filtered(
            lambda found: found.name == "Outbound Sales"
        )
        return self.env["ecm.campaign"].create(
            {
                "name": "Tour of the fair",
                "strategy_id": strategy.id,
                "dialer_campaign_id": target.id,
                "calendar_id": False,
                "keeps_region_rules": False,
            }
        )

    def test_a_number_is_listed_and_the_feed_leaves_it_out(self):
        self.start_tour(
            "/odoo/outbound-dnc-entries", "ecm_dialer_dnc", login=self.supervisor.login, timeout=120
        )
        self.env.invalidate_all()
        entry = self.env["ecm.dnc.entry"].search([("list_id", "=", self.dnc_list.id)])
        self.assertEqual((entry.value, entry.added_by), (self.LISTED, self.supervisor))
        states = {contact.phone_1: contact.state for contact in self.contacts}
        self.assertEqual(states.pop(self.LISTED), "dnc_listed")
        self.assertEqual(set(states.values()), {"sent_to_dialer"})
        calls = self.uccx.wait_until(self._get_calls)
        self.assertEqual(sorted(call["phone"] for call in calls), sorted(self.CALLED))

    def _get_calls(self):
        """All calls that the dialer was to place, once it has placed them."""
        calls = self.uccx.dialled()
        return calls if len(calls) >= len(self.CALLED) else None
