import shutil
import tempfile
from pathlib import Path

from odoo.addons.ecm_campaign.tests.common import CampaignCase

CONTENT = b"phone,first name\n+493023125001,Anna\n+493023125002,Bernd\n"


class SourceCase(CampaignCase):
    """A folder of this disk that brings files at once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.storage = cls.env["fs.storage"].create(
            {"name": "Disk", "code": "ecm_test", "protocol": "file", "directory_path": "/nowhere"}
        )
        cls.source = cls.create_source("Bank")

    @classmethod
    def create_source(cls, name, **values):
        return cls.env["ecm.import.source"].create(
            {
                "name": name,
                "campaign_id": cls.campaign.id,
                "storage_id": cls.storage.id,
                "directory": "in",
                "settle_seconds": 0,
                **values,
            }
        )

    def setUp(self):
        super().setUp()
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.folder = self.root / "in"
        self.folder.mkdir()
        self.storage.directory_path = str(self.root)

    def put(self, name="june.csv", content=CONTENT):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def check(self, source=None):
        """One run of the scheduled action for one source, whatever its time.

        :return: the source
        """
        source = source or self.source
        source.next_run_at = False
        (self.env["ecm.import.source"].search([]) - source).next_run_at = "2999-01-01"
        self.env["ecm.import.source"]._cron_check_sources()
        self.env.invalidate_all()
        return source

    def check_and_import(self):
        """The file is taken, imported and moved."""
        self.check()
        self.env["ecm.contact.list"]._cron_import()
        self.check()

    def names(self, folder=""):
        """What is in the folder, or in one below it."""
        path = self.folder / folder
        return (
            sorted(file.name for file in path.iterdir() if file.is_file()) if path.is_dir() else []
        )

    def files(self, source=None):
        """History of a source, in the order of its files."""
        return self.env["ecm.import.file"].search(
            [("source_id", "=", (source or self.source).id)], order="id"
        )
