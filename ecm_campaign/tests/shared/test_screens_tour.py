import json

from lxml import etree

from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from ..common import TourCase
from ..contact_list.test_deletion import DeletionCase

MENU = "ecm_campaign.ecm_campaign_menu_root"
CLICKED = "clickbot test succeeded"
# A record's stat buttons depend on its state: of so many records the first ones are opened.
RECORDS_OF_A_FORM = 6
# What demo data fills, each before what it refers to; models of modules that are not there are left
# out.
FILLED = (
    "ecm.attempt",
    "ecm.bulk.action",
    "ecm.contact",
    "ecm.dry.run",
    "ecm.contact.withdrawal",
    "ecm.import.file",
    "ecm.import.source",
    "ecm.campaign",
    "ecm.campaign.group",
    "ecm.global.list",
    "ecm.team",
    "ecm.dnc.entry",
    "ecm.dialer.campaign",
    "ecm.dialer",
)


@tagged("post_install", "-at_install")
class TestScreens(TourCase):
    """Every menu, view, filter and stat button opens, and the console is free of errors (U2, U3)."""

    def setUp(self):
        super().setUp()
        self.administrator = new_test_user(
            self.env,
            login="ecm_screens",
            groups="ecm_campaign.ecm_campaign_group_administrator",
            tz="UTC",
        )

    def run_in_browser(self, code, signal):
        """Any error in the console fails the test."""
        self.browser_js(
            "/odoo",
            code,
            "odoo.isReady === true",
            login=self.administrator.login,
            timeout=600,
            success_signal=signal,
        )

    def click_every_menu(self):
        """Odoo's own robot: each menu, each of its views, each filter."""
        loader = "odoo.loader.modules.get('@web/webclient/clickbot/clickbot_loader')"
        self.run_in_browser(f"{loader}.startClickEverywhere('{MENU}');", CLICKED)

    def test_every_menu_with_demo_data(self):
        self.assertTrue(self.env["ecm.attempt"].search_count([], limit=1))
        self.click_every_menu()

    def test_every_menu_without_demo_data(self):
        for model in FILLED:
            if model in self.env:
                table = SQL.identifier(self.env[model]._table)
                self.env.cr.execute(SQL("DELETE FROM %s", table))
        self.env.invalidate_all()
        self.click_every_menu()

    def test_every_stat_button(self):
        # Nobody in the demo data was called again.
        contacts = self.env["ecm.contact"].search([], limit=2)
        called = contacts.search([("attempt_ids", "!=", False)]) - contacts
        contacts[0].again_from_id = called[0]
        forms = json.dumps(self.get_forms())
        tour = "odoo.loader.modules.get('@ecm_campaign/../tests/tours/stat_buttons')"
        failing = ".catch((error) => console.error(error.message))"
        self.run_in_browser(f"{tour}.pressStatButtons({forms}){failing};", "test successful")

    def get_forms(self):
        """:return: ``{model: {"names": of its stat buttons, "ids": of records to press}}``"""
        env = self.env(user=self.administrator)
        forms = {}
        for model in sorted(env.registry):
            names = self.get_stat_buttons(env[model]) if model.startswith("ecm.") else []
            if names:
                everything = env[model].with_context(active_test=False)
                records = everything.search([], limit=RECORDS_OF_A_FORM)
                forms[model] = {"names": sorted(names), "ids": records.ids}
        self.assertIn("ecm.dry.run", forms)
        return forms

    def get_stat_buttons(self, records):
        """:return: the names of the buttons that the administrator's form may show"""
        if records._abstract or records._transient or not records.has_access("read"):
            return set()
        arch = records.get_views([(False, "form")])["views"]["form"]["arch"]
        buttons = etree.fromstring(arch).xpath(
            "//button[@name][contains(@class, 'oe_stat_button')]"
        )
        return {button.get("name") for button in buttons}


@tagged("post_install", "-at_install")
class TestDeletionTour(TourCase, DeletionCase):
    """A supervisor deletes a wrong file, and undoes one that was called (U1)."""

    def test_delete_and_undo(self):
        self.contact_list.name = "called.csv"
        self.send(self.contact)
        wrong = self.upload("phone\n+493023125003\n+493023125004\n")
        wrong.name = "wrong.csv"
        self.start_tour("/odoo/outbound-lists", "ecm_campaign_delete", login="ecm_supervisor")
        self.env.invalidate_all()
        self.assertFalse(wrong.exists())
        self.assertEqual(self.contacts_of(self.campaign), self.contact)
        self.assertEqual(self.contact_list.status, "stopped")
