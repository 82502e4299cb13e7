from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

from .common import SmsCase

MIGRATIONS = Path(__file__).parents[1] / "migrations"


class TestMigrations(SmsCase):
    """What an upgrade makes of data from before: each script, run twice, on rows as they were."""

    def migrate(self, name):
        """:param str name: such as ``19.0.1.1.0/post-words``"""
        loader = SourceFileLoader("migration", str(MIGRATIONS / f"{name}.py"))
        script = module_from_spec(spec_from_loader("migration", loader))
        loader.exec_module(script)
        for _time in range(2):
            script.migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()

    def test_words_know_their_language_and_who_replies_is_reached(self):
        words = self.env["ecm.sms.keyword"].search([])
        own = self.env["ecm.sms.keyword"].create({"name": "Schluss", "action": "stop"})
        shipped = {word: word.lang for word in words}
        replied = self.env.ref("ecm_sms.ecm_outcome_replied")
        self.env.flush_all()
        self.env.cr.execute("UPDATE ecm_outcome SET is_live_voice = FALSE")
        old = [word.id for word in words if "_more_" not in word.get_external_id()[word.id]]
        self.env.cr.execute("UPDATE ecm_sms_keyword SET lang = 'en' WHERE id = ANY(%s)", (old,))
        self.migrate("19.0.1.1.0/post-words")
        self.assertEqual({word: word.lang for word in words}, shipped)
        self.assertEqual(own.lang, "en")
        self.assertTrue(replied.is_live_voice)
