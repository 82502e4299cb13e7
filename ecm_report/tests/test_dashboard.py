import re
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models import ecm_dashboard
from .common import DashboardCase


@tagged("post_install", "-at_install")
class TestDashboard(DashboardCase):
    """What the dashboard says, and that every number opens exactly what it counts (R5)."""

    def test_contacts_by_state_and_what_they_wait_for(self):
        self.make_calls()
        contacts = self.read("contacts")["contacts"]
        self.assertEqual(contacts["totals"]["contacts"], 7)
        self.assertEqual(sum(line["count"] for line in contacts["states"]), 7)
        waiting = {line["id"]: line["count"] for line in contacts["waiting"]}
        self.assertEqual(waiting["list_stopped"], 1)
        self.assertEqual(waiting["ready"], 1)
        self.assertEqual(sum(waiting.values()), contacts["totals"]["pending"])

    def test_what_waits_is_what_explain_says(self):
        self.make_calls()
        groups = self.campaign.explain()["groups"]
        told = {group["reason"]: group["count"] for group in groups if group["code"] == "held"}
        waiting = self.read("contacts")["contacts"]["waiting"]
        held = {line["id"]: line["count"] for line in waiting if line["is_held"]}
        self.assertEqual(held, told)
        names = {group["name"] for group in groups}
        self.assertLessEqual({line["name"] for line in waiting}, names)

    def test_every_number_of_contacts_opens_what_it_counts(self):
        self.make_calls()
        contacts = self.read("contacts")["contacts"]
        for name in ("contacts", "pending", "awaiting", "connected", "closed"):
            with self.subTest(total=name):
                self.assertEqual(self.count("total", name), contacts["totals"][name])
        for panel, what in (("states", "state"), ("waiting", "waiting")):
            for line in contacts[panel]:
                with self.subTest(panel=panel, key=line["id"]):
                    self.assertEqual(self.count(what, line["id"]), line["count"])
        self.assertTrue(contacts["penetration"])
        for line in contacts["penetration"]:
            with self.subTest(tries=line["tries"]):
                self.assertEqual(self.count("tries", line["tries"]), line["called"])
                self.assertEqual(self.count("tries_reached", line["tries"]), line["reached"])

    def test_every_number_of_attempts_opens_what_it_counts(self):
        self.make_calls()
        for period in ("today", "yesterday", "week", "month"):
            panels = self.read("attempts", "wrap_ups", period=period)
            with self.subTest(period=period):
                self.check_attempts(panels, period)

    def check_attempts(self, panels, period):
        attempts, wrap_ups = panels["attempts"], panels["wrap_ups"]
        self.assertEqual(self.count("attempts", period=period), attempts["totals"]["made"])
        self.assertEqual(self.count("reached", period=period), attempts["totals"]["reached"])
        self.assertEqual(self.count("success", period=period), wrap_ups["success"])
        for line in attempts["outcomes"]:
            found = self.count("outcome", line["id"], period=period)
            self.assertEqual(found, line["count"], line["name"])
        for line in wrap_ups["lines"]:
            found = self.count("wrap_up", line["id"], period=period)
            self.assertEqual(found, line["count"], line["name"])
        for line in attempts["series"]:
            key = {"key": line["key"]}
            self.assertEqual(self.count("moment", key, period=period), line["made"], key)
            key["reached"] = True
            self.assertEqual(self.count("moment", key, period=period), line["reached"], key)
        for day in attempts["heat"]["days"]:
            for cell in day["cells"]:
                key = {"weekday": day["weekday"], "hour": cell["hour"]}
                self.assertEqual(self.count("slot", key, period=period), cell["made"], key)

    def test_the_week_adds_up(self):
        self.make_calls()
        panels = self.read("attempts", "wrap_ups")
        self.assertEqual(panels["attempts"]["totals"], {"made": 5, "reached": 2})
        self.assertEqual(panels["wrap_ups"]["success"], 1)
        made = sum(line["made"] for line in panels["attempts"]["series"])
        self.assertEqual(made, 5)

    def test_hours_are_those_of_a_zone_without_whole_hours(self):
        self.campaign.tz = "Asia/Kathmandu"
        self.make_calls()
        panels = self.read("attempts", "wrap_ups")
        self.assertEqual(panels["scope"]["zone"], "Asia/Kathmandu")
        self.check_attempts(panels, "week")

    def test_lists_and_campaigns_open_what_they_count(self):
        self.make_calls()
        panels = self.read("lists", "campaigns")
        self.assertEqual(panels["lists"]["total"], 3)
        for line in panels["lists"]["lines"]:
            for what in ("loaded", "called", "reached", "success"):
                key = {"id": line["id"], "what": what}
                self.assertEqual(self.count("list", key), line[what], key)
        [line] = panels["campaigns"]["lines"]
        for what in ("called", "reached", "success", "pending", "awaiting", "made"):
            key = {"id": line["id"], "what": what}
            self.assertEqual(self.count("campaign", key), line[what], key)

    def test_words_and_numbers_are_those_of_the_results_page(self):
        self.make_calls()
        totals = self.campaign.with_user(self.supervisor).get_results()["totals"]
        [line] = self.read("campaigns")["campaigns"]["lines"]
        for name in ("loaded", "called", "reached", "success", "reached_percent"):
            self.assertEqual(line[name], totals[name], name)

    def test_one_list(self):
        self.make_calls()
        one = self.lists[0]
        filters = {"campaign_id": False, "list_id": one.id}
        panels = self.read(**filters)
        self.assertEqual(panels["contacts"]["totals"]["contacts"], 3)
        made = panels["attempts"]["totals"]["made"]
        self.assertEqual(made, 3)
        self.assertEqual(self.count("attempts", **filters), made)
        self.assertEqual(self.count("total", "contacts", **filters), 3)

    def test_group_and_team(self):
        other = self.create_campaign("Without")
        group = self.env["ecm.campaign.group"].create({"name": "Together"})
        team = self.env["ecm.team"].create({"name": "North"})
        self.campaign.write({"group_id": group.id, "team_ids": team.ids})
        self.env.flush_all()
        for name, record in (("group_id", group), ("team_id", team)):
            scope = self.read("contacts", campaign_id=False, **{name: record.id})["scope"]
            self.assertEqual(scope["campaigns"], 1, name)
        scope = self.read("contacts", campaign_id=other.id, group_id=group.id)["scope"]
        self.assertEqual((scope["campaigns"], scope["has_any"]), (0, True))

    def test_the_forecast_stands_beside_the_calls(self):
        self.make_calls()
        now = fields.Datetime.now()
        run = self.env["ecm.dry.run"].create({"campaign_id": self.campaign.id})
        run.sudo().state = "done"
        lines = []
        for code, count in (("voice", 30), ("busy", 50)):
            lines.append({"run_id": run.id, "at": now, "outcome_id": self.outcome(code).id})
            lines[-1]["count"] = count
        self.env["ecm.dry.run.line"].create(lines)
        self.env.flush_all()
        series = self.read("attempts", period="today")["attempts"]["series"]
        self.assertEqual(sum(line["forecast"] for line in series), 80)
        self.assertEqual(sum(line["forecast_reached"] for line in series), 30)
        # What could be is not what is expected.
        run.sudo().strategy_id = self.strategy
        self.env.flush_all()
        series = self.read("attempts", period="today")["attempts"]["series"]
        self.assertTrue(all(line["forecast"] is None for line in series))

    def test_nothing_yet(self):
        panels = self.read()
        self.assertEqual(panels["contacts"]["totals"]["contacts"], 0)
        self.assertEqual(panels["attempts"]["heat"], {"hours": [], "days": []})
        self.assertEqual(panels["lists"], {"lines": [], "total": 0})
        self.assertEqual(panels["rooms"], [])

    def test_days_of_ones_own(self):
        self.make_calls()
        today = fields.Date.today()
        own = {"period": "custom", "date_from": str(today), "date_to": str(today)}
        made = self.read("attempts", **own)["attempts"]["totals"]["made"]
        self.assertEqual(made, self.read("attempts", period="today")["attempts"]["totals"]["made"])
        backwards = {**own, "date_to": str(today - timedelta(days=1))}
        for wrong in (backwards, {**own, "date_from": "soon"}, {"period": "ages"}):
            with self.assertRaises(UserError):
                self.read("attempts", **wrong)

    def test_what_there_is_not_is_refused(self):
        with self.assertRaises(UserError):
            self.read("secrets")
        for what, key in (
            ("nothing", None),
            ("total", "everything"),
            ("moment", {"key": "x"}),
            ("list", 1),
        ):
            with self.subTest(what=what), self.assertRaises(UserError):
                self.count(what, key)
        for wrong in ("1", [1], -1, 2**40):
            with self.subTest(id=wrong), self.assertRaises(UserError):
                self.read("contacts", campaign_id=wrong)

    # -- what it costs ----------------------------------------------------------------------------

    def test_counters_are_read_and_no_contact_and_no_attempt(self):
        self.make_calls()
        statements = []
        execute = type(self.env.cr).execute

        def note(cursor, query, *args, **kwargs):
            statements.append(str(query.code if hasattr(query, "code") else query))
            return execute(cursor, query, *args, **kwargs)

        with patch.object(type(self.env.cr), "execute", note):
            self.read("contacts", "attempts", "wrap_ups", "campaigns", "lists", campaign_id=False)
        large = [
            text for text in statements if re.search(r'FROM "?ecm_(contact|attempt)"?\b', text)
        ]
        self.assertTrue(statements)
        self.assertFalse(large)

    def test_many_campaigns_cost_as_many_statements_as_few(self):
        names = ("contacts", "attempts", "wrap_ups", "campaigns", "lists")
        counts = []
        for _round in range(3):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.read(*names, campaign_id=False)
            counts.append(self.env.cr.sql_log_count - before)
            for number in range(5):
                campaign = self.create_campaign(f"More {len(counts)} {number}")
                self.create_contact(campaign)
            self.env.flush_all()
        # The first fills caches.
        self.assertLessEqual(counts[2], counts[1])

    # -- side by side -----------------------------------------------------------------------------

    def test_two_lists_side_by_side(self):
        self.make_calls()
        dashboard = self.env["ecm.dashboard"].with_user(self.supervisor)
        one, two = dashboard.compare("ecm.contact.list", self.lists.ids)
        self.assertEqual(one["results"], self.lists[0].get_results())
        self.assertEqual((one["name"], two["name"]), ("one.csv", "two.csv"))
        action = self.lists.with_user(self.supervisor).action_compare()
        self.assertEqual(action["params"], {"model": "ecm.contact.list", "ids": self.lists.ids})
        for model, ids in (("res.users", [1]), ("ecm.campaign", []), ("ecm.campaign", [1] * 9)):
            with self.assertRaises(UserError):
                dashboard.compare(model, ids)

    # -- live -------------------------------------------------------------------------------------

    def test_supervisors_are_told_once_of_what_changed(self):
        dashboard = self.env["ecm.dashboard"]
        group = self.env.ref("ecm_campaign.ecm_campaign_group_supervisor")
        sent = []
        bus = type(self.env["bus.bus"])
        told = patch.object(bus, "_sendone", lambda _self, *args: sent.append(args))
        with told, patch.dict(ecm_dashboard._told, clear=True):
            self.make_calls()
            dashboard._tell_of_changes()
            dashboard._tell_of_changes()
            self.assertEqual(sent, [(group, "ecm_dashboard/changed", {})])
            # Later, but nothing has happened.
            self.let_time_pass()
            dashboard._tell_of_changes()
            self.assertEqual(len(sent), 1)
            self.create_contact(phone_1="+493023125099")
            self.env.flush_all()
            dashboard._tell_of_changes()
            self.assertEqual(len(sent), 2)

    def let_time_pass(self):
        told = ecm_dashboard._told
        name = self.env.cr.dbname
        told[name] = told[name]._replace(at=told[name].at - ecm_dashboard.TOLD_EVERY)

    def test_a_turn_tells(self):
        owners = self.env["ecm.engine"]._get_owner_models()
        if not owners:
            self.skipTest("No channel is installed.")
        dashboard = type(self.env["ecm.dashboard"])
        with patch.object(dashboard, "_tell_of_changes") as tell:
            owners[0]._take_turn()
        tell.assert_called_once()


@tagged("post_install", "-at_install")
class TestDashboardCallbacks(DashboardCase):
    """Callbacks that are due, where they are installed."""

    def test_due_and_missed(self):
        if "ecm.callback" not in self.env:
            self.skipTest("Callbacks are not installed.")
        skill = self.env["ecm.callback.skill"].create(
            {"name": "Desk", "campaign_id": self.campaign.id}
        )
        values = {"number": "+493023125000", "skill_id": skill.id}
        values["due_at"] = fields.Datetime.now()
        callbacks = self.env["ecm.callback"]
        callbacks._create_unchecked({**values, "state": "queued"})
        callbacks._create_unchecked({**values, "state": "finished", "kept": "missed"})
        lines = self.read("callbacks")["callbacks"]
        counts = {line["id"]: line["count"] for line in lines}
        self.assertEqual(counts, {"due": 1, "soon": 0, "dialing": 0, "missed": 1})
        for key, count in counts.items():
            self.assertEqual(self.count("callback", key), count)


@tagged("post_install", "-at_install")
class TestDashboardRooms(DashboardCase):
    """What is at the dialers, and for how much there is room."""

    def test_a_running_campaign(self):
        if "ecm.dialer" not in self.env:
            self.skipTest("No dialer is installed.")
        dialer = self.env["ecm.dialer"].create(
            {"name": "UCCX", "host": "uccx.example.com", "is_enabled": True}
        )
        target = self.env["ecm.dialer.campaign"].create(
            {"dialer_id": dialer.id, "key": "7", "name": "Sales", "kind": "agent"}
        )
        target.is_enabled = True
        self.campaign.write({"dialer_campaign_id": target.id, "is_running": True})
        attempt = self.send(self.create_contact())
        attempt.sudo().dialer_campaign_id = target
        self.env.flush_all()
        [line] = self.read("rooms")["rooms"]
        self.assertEqual((line["held"], line["name"]), (1, target.display_name))
        self.assertEqual(line["room"], target._get_room())
        key = {"field": line["field"], "id": line["id"]}
        self.assertEqual(self.count("room", key), 1)
        with self.assertRaises(UserError):
            self.count("room", {"field": "campaign_id", "id": self.campaign.id})


@tagged("post_install", "-at_install")
class TestDashboardAccess(DashboardCase):
    """Who sees which campaigns (R8)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls.create_user("agent")

    def test_agents_are_refused(self):
        with self.assertRaises(AccessError):
            self.read("contacts", user=self.agent)
        with self.assertRaises(AccessError):
            self.count("attempts", user=self.agent)
        dashboard = self.env["ecm.dashboard"].with_user(self.agent)
        with self.assertRaises(AccessError):
            dashboard.compare("ecm.campaign", self.campaign.ids)

    def test_another_team_is_not_counted(self):
        self.make_calls()
        ours, theirs = self.env["ecm.team"].create([{"name": "Ours"}, {"name": "Theirs"}])
        self.campaign.team_ids = theirs
        ours.user_ids = self.supervisor
        self.env.flush_all()
        panels = self.read("contacts", "attempts")
        self.assertEqual(panels["scope"]["campaigns"], 0)
        self.assertEqual(panels["contacts"]["totals"]["contacts"], 0)
        self.assertEqual(panels["attempts"]["totals"]["made"], 0)
        with self.assertRaises(AccessError):
            self.read("contacts", campaign_id=False, list_id=self.lists[0].id)
        dashboard = self.env["ecm.dashboard"].with_user(self.supervisor)
        with self.assertRaises(AccessError):
            dashboard.compare("ecm.campaign", self.campaign.ids)

    def test_another_company_is_not_counted(self):
        self.make_calls()
        company = self.env["res.company"].create({"name": "Other"})
        foreign = self.create_user(
            "administrator",
            login="ecm_foreign",
            company_ids=[(6, 0, company.ids)],
            company_id=company.id,
        )
        panels = self.read("contacts", "campaigns", user=foreign)
        self.assertEqual(panels["contacts"]["totals"]["contacts"], 0)
        self.assertEqual(panels["campaigns"]["lines"], [])
        with self.assertRaises(AccessError):
            self.read("contacts", user=foreign, campaign_id=False, list_id=self.lists[0].id)
