import io
import json

from odoo import fields
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from ..common import TourCase
from ..contact_list.test_deletion import DeletionCase
from .screens import get_forms, get_pressed, taking_back

MENU = "ecm_campaign.ecm_campaign_menu_root"
CLICKED = "clickbot test succeeded"
WALKED = "everything was opened"
# From the weakest one: a stronger role presses the buttons that those before it do not see.
ROLES = ("agent", "supervisor", "administrator")
# What demo data fills, each before what it refers to; models of modules that are not there are left
# out.
FILLED = (
    "ecm.callback",
    "ecm.callback.skill",
    "ecm.callback.agent",
    "ecm.email.reply",
    "ecm.email.message",
    "ecm.attempt",
    "ecm.bulk.action",
    "ecm.export",
    "ecm.crm.launch",
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


class ScreensCase(TourCase):
    """Opens every menu, view, filter, form and button; the console must be free of errors (U2, U3)."""

    def setUp(self):
        super().setUp()
        self.administrator = new_test_user(
            self.env,
            login="ecm_screens",
            groups="ecm_campaign.ecm_campaign_group_administrator",
            tz="UTC",
        )

    def run_in_browser(self, code, signal, user=None, **options):
        """Any error in the console fails the test."""
        self.browser_js(
            "/odoo",
            code,
            "odoo.isReady === true",
            login=(user or self.administrator).login,
            timeout=600,
            success_signal=signal,
            **options,
        )

    def click_every_menu(self):
        """Odoo's own robot: each menu, each of its views, each filter."""
        loader = "odoo.loader.modules.get('@web/webclient/clickbot/clickbot_loader')"
        self.run_in_browser(f"{loader}.startClickEverywhere('{MENU}');", CLICKED)

    def delete_demo_data(self):
        for model in FILLED:
            if model in self.env:
                table = SQL.identifier(self.env[model]._table)
                self.env.cr.execute(SQL("DELETE FROM %s", table))
        self.env.invalidate_all()

    def complete_demo_data(self):
        """Records in states that nothing in the demo data has, for their buttons."""
        campaign = self.env.ref("ecm_campaign.ecm_campaign_demo_renewals")
        campaign.copy({"name": "Late renewals", "is_running": True})
        contacts = self.env["ecm.contact"].search([], limit=2)
        called = contacts.search([("attempt_ids", "!=", False)]) - contacts
        contacts[0].again_from_id = called[0]
        contacts[1].consent_on = fields.Date.today()

        # Jobs that wait for their turn, and files that could not be read.
        of_campaign = {"campaign_id": campaign.id}
        file = self.env["ir.attachment"]._create_from_stream("late.csv", io.BytesIO(b"phone"))
        failed = {"name": "late.csv", "state": "failed", "attachment_id": file.id, **of_campaign}
        dnc_list = self.env["ecm.dnc.list"].search([], limit=1)
        self.env["ecm.dry.run"].create([of_campaign, {**of_campaign, "state": "queued"}])
        self.env["ecm.bulk.action"].create({"action": "priority"})
        self.env["ecm.dnc.load"].create({"list_id": dnc_list.id, "state": "queued"})
        self.env["ecm.contact.withdrawal"].search([], limit=1).copy({"state": "queued"})
        queued, _failed = self.env["ecm.contact.list"].create(
            [{**failed, "state": "queued"}, failed]
        )
        stopped = queued.copy({"state": "done"})
        stopped.action_stop()
        self.env["ecm.global.list"].search([], limit=1).attachment_id = file
        exported = {
            "model": "ecm.contact",
            "source_domain": "[]",
            "file_format": "csv",
            "columns": ["phone_1"],
            "user_id": self.administrator.id,
        }
        lines = {"name": "contacts.csv", "row_count": 1, "file_size": 5, "attachment_id": file.id}
        ready = {"state": "done", "file_ids": [(0, 0, lines)]}
        self.env["ecm.export"].create([exported, {**exported, **ready}])
        if "ecm.import.source" in self.env:
            sources = self.env["ecm.import.source"].with_context(active_test=False)
            sources.search([("kind", "=", "database")], limit=1).watermark = "integer 20480"
        if "ecm.callback.agent" in self.env:
            agent = self.env["ecm.callback.agent"].search([], limit=1)
            agent.sudo()._make_desktop_key(self.administrator, None)
        if "ecm.callback" in self.env:
            waiting = self.env["ecm.callback"].search([("state", "=", "scheduled")], limit=1)
            waiting._note({"state": "dialing", "contact_id": contacts[1].id})
        if "ecm.crm.launch" in self.env:
            self.env["ecm.crm.launch"].search([], limit=1).copy().sudo().state = "live"
        # One that works, or does not, and one that is left alone.
        for name in ("ecm.dialer", "ecm.sms.gateway", "ecm.email.sender"):
            if name in self.env:
                owner = self.env[name].search([], order="id", limit=1)
                failing = {"sending_failures": 9, "sending_error": "down"}
                owner.write({"is_enabled": True, **failing})
                owner.copy({"name": "Another", "is_enabled": True})
        self.complete_dialers()
        if "ecm.webhook" in self.env:
            webhooks = self.env["ecm.webhook"].with_context(active_test=False)
            webhooks.search([], limit=1).active = True
        if "ecm.callback" in self.env:
            callback = self.env["ecm.callback"].search([("contact_id", "=", False)], limit=1)
            callback._note({"state": "dialing", "contact_id": contacts[0].id})

    def complete_dialers(self):
        if "ecm.dialer" not in self.env:
            return
        dialers = self.env["ecm.dialer"].with_context(active_test=False)
        dialers.search([("name", "=", "Another")]).purge_schedule = "daily"
        loggers = {"cce_delivery": "database", "host": "logger-a.example.com"}
        loggers |= {"host_2": "logger-b.example.com", "cce_side": "A"}
        dialers.search([("provider", "=", "cce")], limit=1).copy({"name": "Both sides", **loggers})

    def walk_as(self, *roles):
        """
        :param roles: from the weakest one, whose buttons the stronger ones need not press
        :return: the buttons that no record shows, as ``(model, button name)``
        """
        pressed, hidden, faults, seen = set(), {}, [], []
        for role in roles:
            user = new_test_user(
                self.env,
                login=f"ecm_screens_{role}",
                groups=f"ecm_campaign.ecm_campaign_group_{role}",
                tz="UTC",
            )
            # Exports are only for whoever asked for them.
            self.env["ecm.export"].search([]).user_id = user
            forms, hidden = get_forms(self.env(user=user), pressed)
            pressed |= get_pressed(forms)
            # The robot opens all menus of an administrator: here at most those that are hers alone.
            menus = list(self.env(user=user)["ir.ui.menu"]._visible_menu_ids())
            skipped = (seen or menus) if role == "administrator" else []
            faults += [f"{role}: {fault}" for fault in self.walk(user, skipped, forms)]
            seen = menus
        self.assertFalse(faults, "\n".join(["", *faults]))
        return hidden

    def walk(self, user, skipped, forms):
        """:return: what is in the console of the browser"""
        faults = []
        tour = "odoo.loader.modules.get('@ecm_campaign/../tests/tours/everything')"
        walk = f"{tour}.walk('{MENU}', {skipped}, {json.dumps(forms)})"
        try:
            # What the checker returns is nothing, which lets the walk go on.
            with taking_back():
                self.run_in_browser(walk, WALKED, user, error_checker=faults.append)
        except self.failureException as failure:
            faults.append(str(failure).splitlines()[-1])
        return faults


@tagged("post_install", "-at_install")
class TestScreens(ScreensCase):
    def test_every_menu_without_demo_data(self):
        self.delete_demo_data()
        self.click_every_menu()

    def test_an_empty_database_leads_to_the_first_campaign(self):
        self.delete_demo_data()
        self.start_tour(
            "/odoo/outbound-campaigns",
            "ecm_campaign_first_page",
            login=self.administrator.login,
            timeout=120,
        )

    def test_every_form_with_demo_data(self):
        self.complete_demo_data()
        hidden = self.walk_as(*ROLES)
        self.assertFalse(hidden, "No record shows these buttons: add one to complete_demo_data.")

    def test_every_form_without_demo_data(self):
        self.delete_demo_data()
        self.walk_as("administrator")


@tagged("post_install", "-at_install", "-standard", "ecm_long")
class TestMoreScreens(ScreensCase):
    """What differs little from the tests above: `make test-long`."""

    def test_every_menu_with_demo_data(self):
        self.assertTrue(self.env["ecm.attempt"].search_count([], limit=1))
        self.click_every_menu()

    def test_every_form_without_demo_data(self):
        self.delete_demo_data()
        self.walk_as("agent", "supervisor")


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
