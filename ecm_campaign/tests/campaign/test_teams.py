import json

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL, mute_logger

from ..common import CampaignCase

REFUSALS = (
    "odoo.http",
    "odoo.models",
    "odoo.orm.models",
    "odoo.addons.base.models.ir_model",
    "odoo.addons.base.models.ir_rule",
)


class TeamCase(CampaignCase):
    """Three campaigns: of the team North, of the team South, and of none."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        teams = cls.env["ecm.team"]
        cls.north, cls.south = teams.create([{"name": "North"}, {"name": "South"}])
        cls.of_north = cls.create_campaign("North", team_ids=cls.north.ids)
        cls.of_south = cls.create_campaign("South", team_ids=cls.south.ids)
        cls.campaigns = cls.campaign | cls.of_north | cls.of_south
        cls.contacts = cls.env["ecm.contact"]
        for campaign in cls.campaigns:
            cls.contacts |= cls.create_contact(campaign)
        cls.attempts = cls.env["ecm.attempt"]
        for contact in cls.contacts:
            cls.attempts |= cls.create_attempt(contact)

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger(*REFUSALS))

    @classmethod
    def create_attempt(cls, contact):
        return cls.env["ecm.attempt"].create(
            {
                "key": f"teams-{contact.id}",
                "contact_id": contact.id,
                "campaign_id": contact.campaign_id.id,
                "company_id": contact.company_id.id,
                "channel": "voice",
                "claimed_at": fields.Datetime.now(),
            }
        )

    def seen_by(self, user, records):
        """Those that a search finds for a user, also archived ones."""
        self.env.flush_all()
        asked = records.with_user(user).with_context(active_test=False)
        return asked.search([("id", "in", records.ids)])

    def assert_sees(self, user, campaigns):
        """Campaigns, their contacts and their attempts, and nothing of the others."""
        self.assertEqual(self.seen_by(user, self.campaigns), campaigns)
        self.assertEqual(self.seen_by(user, self.contacts).campaign_id, campaigns)
        self.assertEqual(self.seen_by(user, self.attempts).campaign_id, campaigns)


class TestTeams(TeamCase):
    """Who is in a team sees the campaigns of their teams and of none (C7, P10)."""

    def test_whoever_is_in_no_team_sees_all(self):
        for role in ("agent", "supervisor"):
            with self.subTest(role):
                self.assert_sees(self.create_user(role), self.campaigns)

    def test_whoever_is_in_a_team_sees_theirs_and_those_of_none(self):
        for role in ("agent", "supervisor"):
            user = self.create_user(role)
            self.north.user_ids = user
            with self.subTest(role):
                self.assert_sees(user, self.campaign | self.of_north)
                with self.assertRaises(AccessError):
                    self.of_south.with_user(user).read(["name"])
                with self.assertRaises(AccessError):
                    self.contacts[2].with_user(user).read(["phone_1"])

    def test_administrators_see_all(self):
        user = self.create_user("administrator")
        self.north.user_ids = user
        self.assert_sees(user, self.campaigns)

    def test_a_change_of_members_holds_at_once(self):
        user = self.create_user("supervisor")
        self.assert_sees(user, self.campaigns)
        user.ecm_team_ids = self.south
        self.assert_sees(user, self.campaign | self.of_south)
        self.south.user_ids = False
        self.assert_sees(user, self.campaigns)
        self.north.user_ids = user
        self.assert_sees(user, self.campaign | self.of_north)
        self.north.unlink()
        self.assert_sees(user, self.campaigns)

    def test_a_team_of_a_group_is_that_of_its_campaigns_without_one(self):
        group = self.env["ecm.campaign.group"].create({"name": "Sales", "team_ids": self.south.ids})
        self.campaigns.group_id = group
        user = self.create_user("agent")
        self.north.user_ids = user
        self.assert_sees(user, self.of_north)
        self.assertFalse(self.seen_by(user, group))
        group.team_ids = self.north
        self.assert_sees(user, self.campaign | self.of_north)
        self.assertEqual(self.seen_by(user, group), group)

    def test_archived_teams_and_campaigns_stay_what_they_were(self):
        user = self.create_user("agent")
        self.north.user_ids = user
        (self.north | self.south).active = False
        self.campaigns.active = False
        self.assert_sees(user, self.campaign | self.of_north)

    def test_members_are_the_administrators_choice(self):
        supervisor = self.create_user("supervisor")
        self.north.user_ids = supervisor
        team = self.north.with_user(supervisor)
        for change in (
            lambda: team.write({"user_ids": [(5,)]}),
            lambda: team.unlink(),
            lambda: team.create({"name": "Mine", "user_ids": supervisor.ids}),
        ):
            with self.assertRaises(AccessError):
                change()
        team.name = "Far north"
        self.north.with_user(self.create_user("administrator")).user_ids = False

    def test_supervisors_bring_nothing_into_their_sight(self):
        supervisor = self.create_user("supervisor")
        self.north.user_ids = supervisor
        with self.assertRaises(AccessError):
            self.of_south.with_user(supervisor).team_ids = self.north
        with self.assertRaises(AccessError):
            self.create_contact(self.campaign).with_user(supervisor).write(
                {"campaign_id": self.of_south.id}
            )

    def test_all_that_belongs_to_a_campaign_is_seen_with_it(self):
        """Every model with a campaign of its own, or with a record that has one, is told apart."""
        ruled = self.env["ir.rule"].search([("domain_force", "like", "ecm_team_ids")]).model_id
        unruled = set()
        for name, model in self.env.registry.items():
            field = model._fields.get("campaign_id")
            is_stored = model._auto and not model._transient and field and field.store
            if is_stored and field.comodel_name == "ecm.campaign":
                unruled.add(name)
        self.assertEqual(unruled - set(ruled.mapped("model")), UNRULED)

    def test_reports_group_by_team(self):
        supervisor = self.create_user("supervisor")
        self.north.user_ids = supervisor
        attempts = self.env["ecm.attempt"].with_user(supervisor)
        groups = attempts._read_group([("id", "in", self.attempts.ids)], ["team_ids"], ["__count"])
        self.assertEqual({team.id: count for team, count in groups}, {self.north.id: 1, False: 1})
        found = attempts.search([("team_ids", "=", "North")])
        self.assertEqual(found.campaign_id, self.of_north)

    def test_a_team_shows_its_campaigns(self):
        self.assertEqual(self.north.campaign_ids, self.of_north)


# Changes of contacts keep their own record of who made them; what they name is read with its rules.
# Every agent chooses a skill, whoever's campaign makes its calls.
# Only administrators see what was erased.
UNRULED = {"ecm.bulk.action", "ecm.callback.skill", "ecm.erasure"}


@tagged("-at_install", "post_install")
class TestTeamsByTheWebClient(TeamCase, HttpCase):
    """The same by the calls of the web client."""

    def call(self, model, method, *args, **options):
        body = {"params": {"model": model, "method": method, "args": args, "kwargs": options}}
        url = f"/web/dataset/call_kw/{model}/{method}"
        response = self.url_open(
            url, json.dumps(body), headers={"Content-Type": "application/json"}
        )
        return response.json()

    def test_lists_reports_and_writes(self):
        supervisor = self.create_user("supervisor", password="teams-of-the-north")
        self.north.user_ids = supervisor
        self.authenticate(supervisor.login, "teams-of-the-north")
        for records in (self.campaigns, self.contacts, self.attempts):
            found = self.call(
                records._name,
                "web_search_read",
                domain=[("id", "in", records.ids)],
                specification={"display_name": {}},
            )
            with self.subTest(records._name):
                self.assertEqual(found["result"]["length"], 2)
                denied = self.call(records._name, "web_read", records[2].ids, {"display_name": {}})
                self.assertEqual(denied["error"]["data"]["name"], "odoo.exceptions.AccessError")
        grouped = self.call(
            "ecm.attempt",
            "formatted_read_group",
            [("id", "in", self.attempts.ids)],
            ["team_ids"],
            ["__count"],
        )
        self.assertEqual(sum(group["__count"] for group in grouped["result"]), 2)
        denied = self.call("ecm.team", "web_save", self.north.ids, {"user_ids": [[5]]}, {})
        self.assertIn("Ask an administrator", denied["error"]["data"]["message"])


class TestTeamPlans(TeamCase):
    """Rules by team are one set for a statement: the campaigns that a user sees."""

    def test_a_page_of_contacts_asks_for_campaigns_once(self):
        user = self.create_user("agent")
        self.north.user_ids = user
        for model in ("ecm.contact", "ecm.attempt"):
            query = self.env[model].with_user(user)._search([], order="id", limit=80)
            self.env.cr.execute(SQL("EXPLAIN (FORMAT JSON) %s", query.select()))
            nodes = list(_nodes(self.env.cr.fetchone()[0][0]["Plan"]))
            with self.subTest(model):
                # An outer join would keep PostgreSQL from beginning with the few campaigns.
                self.assertNotIn("Left", {node.get("Join Type") for node in nodes})
                judging = [node for node in nodes if "SubPlan" in node.get("Filter", "")]
                read = {node.get("Relation Name") for node in judging}
                self.assertEqual(read, {"ecm_campaign"})


def _nodes(plan):
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
