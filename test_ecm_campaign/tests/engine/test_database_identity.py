from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from ..common import EngineCase
from odoo.addons.ecm_campaign.models.engine.ecm_database_identity import Identity

LOGGER = "odoo.addons.ecm_campaign.models.engine.ecm_database_identity"
COPY = Identity("7", "4711", "1", "copy")


class TestDatabaseIdentity(EngineCase):
    """A copy of the database neither calls nor touches what the original has at the dialer (F6)."""

    def setUp(self):
        super().setUp()
        self.identity = self.env["ecm.database.identity"]
        self.identity._bind()
        self.own = self.identity._read()
        self.attempts = self.env["ecm.attempt"]
        self.campaign = self.run_campaign(self.create_strategy((1, {})))
        self.contact = self.create_contact(self.campaign)

    def be(self, identity):
        """Stand in another database."""
        self.patch(self.registry["ecm.database.identity"], "_read", lambda _self: identity)

    def settle(self, original):
        administrator = self.create_user("administrator")
        form = Form(self.env["ecm.database.settle"].with_user(administrator))
        self.assertIn("which one calls?", form.reason)
        form.original = original
        form.save().action_settle()
        self.env.invalidate_all()

    def test_identity_is_read_from_postgresql(self):
        self.assertEqual(self.own.name, self.env.cr.dbname)
        self.assertGreater(int(self.own.system), 0, "this role may read pg_control_system()")
        self.assertEqual(Identity.loads(self.own.dumps()), self.own)
        self.assertEqual(self.identity._get_bound(), self.own)

    def test_a_database_that_was_renamed_is_no_copy(self):
        self.be(self.own._replace(name="renamed"))
        self.assertFalse(self.identity._get_stop_reason())

    @mute_logger(LOGGER)
    def test_a_copy_does_nothing(self):
        self.feed()
        self.assertEqual(self.contact.state, "sent_to_dialer")
        self.be(COPY)
        waiting = self.create_contact(self.campaign, phone_1="+493023125001")
        with self.assertRaisesRegex(UserError, f"copied from {self.own.name}"):
            self.feed()
        with patch.object(self.registry["ecm.engine"], "_get_due_targets") as asked:
            self.target._take_turn()
        asked.assert_not_called()
        self.wait(days=10)
        self.engine._cron_sweep_dangling()
        self.env.invalidate_all()
        self.assertEqual((self.contact.state, waiting.state), ("sent_to_dialer", "pending"))
        self.assertEqual(len(self.target.sent), 1)

    def test_a_copy_says_so_on_its_campaigns(self):
        self.be(COPY)
        answer = self.campaign.explain()
        self.assertEqual(answer["verdict"], "held")
        self.assertIn("which one calls?", answer["summary"])
        [check] = [check for check in answer["checks"] if check["check"] == "database"]
        self.assertEqual((check["name"], check["verdict"]), ("Database", "held"))
        self.assertIn("which one calls?", self.campaign.status_reason)

    def test_where_the_original_goes_on_its_calls_are_not_asked_about(self):
        self.feed()
        [sent] = self.contact.attempt_ids
        prefix = self.attempts._get_key_prefix()
        self.be(COPY)
        self.settle("goes_on")
        self.assertEqual((self.contact.state, sent.state), ("dangling", "dangling"))
        self.assertTrue(sent.key.startswith(prefix))
        self.assertNotIn(prefix, self.attempts._get_known_prefixes())
        self.create_contact(self.campaign, phone_1="+493023125001")
        self.feed()
        self.assertEqual(len(self.target.sent), 2)
        self.assertFalse(self.target.sent[1].key.startswith(prefix))

    def test_where_the_original_is_gone_its_calls_get_their_results(self):
        self.feed()
        [sent] = self.contact.attempt_ids
        prefix = self.attempts._get_key_prefix()
        self.be(COPY)
        self.settle("gone")
        self.assertEqual((self.contact.state, sent.state), ("sent_to_dialer", "sent"))
        self.assertNotEqual(self.attempts._get_key_prefix(), prefix)
        self.assertEqual(self.attempts._get_known_prefixes()[1:], [prefix])
        self.assertTrue(self.identity._may_call())

    def test_a_recovered_server_gets_new_keys_and_goes_on(self):
        self.feed()
        prefix = self.attempts._get_key_prefix()
        self.be(self.own._replace(timeline="99"))
        self.create_contact(self.campaign, phone_1="+493023125001")
        with mute_logger(LOGGER):
            self.feed()
        self.assertFalse(self.target.sent[1].key.startswith(prefix))
        self.assertEqual(self.attempts._get_known_prefixes()[1:], [prefix])
        self.feed()
        self.assertEqual(len(self.attempts._get_known_prefixes()), 2, "once for each recovery")

    def test_only_administrators_settle_it_and_only_for_copies(self):
        with self.assertRaises(AccessError), mute_logger("odoo.models", "odoo.orm.models"):
            self.env["ecm.database.settle"].with_user(self.create_user("supervisor")).create({})
        settle = self.env["ecm.database.settle"].create({"original": "gone"})
        with self.assertRaisesRegex(UserError, "is the one that calls"):
            settle.action_settle()
        self.be(COPY)
        self.env.invalidate_all()
        settle.original = False
        with self.assertRaisesRegex(UserError, "what became of the original"):
            settle.action_settle()

    @mute_logger(LOGGER)
    def test_a_neutralised_database_never_calls(self):
        self.env["ir.config_parameter"].set_param("database.is_neutralized", "true")
        with self.assertRaisesRegex(UserError, "neutralised copy"):
            self.feed()
        self.assertFalse(self.identity._may_call())
        settle = self.env["ecm.database.settle"].create({"original": "gone"})
        with self.assertRaisesRegex(UserError, "neutralised copy"):
            settle.action_settle()
