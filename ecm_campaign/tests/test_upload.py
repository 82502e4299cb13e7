import io
import mmap
from unittest.mock import patch

from freezegun import freeze_time

from odoo import http
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from ..models import ir_attachment
from ..models.ir_attachment import CONTACT_FILE
from .common import CampaignCase

CONTENT = b"phone,first name\n+493023125001,Anna\n"


@tagged("post_install", "-at_install")
class TestUpload(HttpCase):
    """A file comes to the server as a stream (requirement L1)."""

    def _log_in(self, role):
        user = new_test_user(
            self.env, login=f"ecm_{role}", groups=f"ecm_campaign.ecm_campaign_group_{role}"
        )
        self.authenticate(user.login, user.login)
        return user

    def _send(self, content=CONTENT, **values):
        form = {"csrf_token": http.Request.csrf_token(self), **values}
        return self.url_open("/ecm/upload", data=form, files={"ufile": ("june.csv", content)})

    def test_a_supervisor_uploads_a_file(self):
        user = self._log_in("supervisor")
        answer = self._send().json()
        attachment = self.env["ir.attachment"].browse(answer["id"])
        self.assertEqual((answer["name"], answer["size"]), ("june.csv", len(CONTENT)))
        self.assertEqual((attachment.raw, attachment.create_uid), (CONTENT, user))
        self.assertEqual((attachment.mimetype, attachment.index_content), (CONTACT_FILE, False))

    def test_a_large_file_is_taken_from_the_disk_and_not_into_memory(self):
        """More than half a megabyte, which the server keeps in a temporary file."""
        self._log_in("supervisor")
        content = CONTENT + b"+493023125002,Bernd\n" * 100_000
        with patch.object(ir_attachment.mmap, "mmap", wraps=mmap.mmap) as mapped:
            answer = self._send(content).json()
        mapped.assert_called_once()
        self.assertEqual(self.env["ir.attachment"].browse(answer["id"]).raw, content)

    def test_an_agent_is_refused(self):
        self._log_in("agent")
        answer = self._send()
        self.assertEqual(answer.status_code, 403)
        self.assertIn("supervisors", answer.json()["error"])
        self.assertFalse(
            self.env["ir.attachment"].search([("res_model", "=", "ecm.contact.upload")])
        )

    def test_a_request_of_another_site_is_refused(self):
        self._log_in("supervisor")
        with self.assertLogs("odoo.http", "WARNING"):
            self.assertEqual(self._send(csrf_token="forged").status_code, 400)

    def test_a_request_without_a_file_is_refused(self):
        self._log_in("supervisor")
        answer = self.url_open("/ecm/upload", data={"csrf_token": http.Request.csrf_token(self)})
        self.assertEqual(answer.status_code, 400)
        self.assertIn("no file", answer.json()["error"])

    def test_a_file_beyond_the_limit_is_refused_before_it_is_read(self):
        self._log_in("supervisor")
        self.env["ir.config_parameter"].set_param("ecm_campaign.max_upload_mb", "1")
        with patch.object(
            type(self.env["ecm.contact.upload"]), "_keep_file", side_effect=AssertionError("read")
        ):
            self.assertEqual(self._send(bytes(2 << 20)).status_code, 413)
        session = self.make_jsonrpc_request("/web/session/get_session_info", {})
        self.assertEqual(session["ecm_max_upload_size"], 1 << 20)


class TestUploadedFile(CampaignCase):
    """Whose file the wizard opens, and what becomes of one that nobody imports."""

    def _keep(self, user=None):
        uploads = self.env["ecm.contact.upload"].with_user(user or self.env.user)
        return uploads._keep_file("june.csv", io.BytesIO(CONTENT))

    def test_the_wizard_opens_no_other_file(self):
        supervisor = self.create_user("supervisor")
        others = self._keep()
        own = self._keep(supervisor)
        document = self.env["ir.attachment"].create(
            {"name": "secret.txt", "raw": b"phone\n+493023125001\n"}
        )
        for attachment in (others, document):
            with self.subTest(file=attachment.name), self.assertRaises(AccessError):
                self._open(attachment, supervisor)
        self.assertEqual(
            self._open(own, supervisor).column_ids.mapped("target"), ["phone_1", "first_name"]
        )

    def _open(self, attachment, user):
        """The wizard as it reads a file, before it is saved."""
        uploads = self.env["ecm.contact.upload"].with_user(user)
        wizard = uploads.new({"campaign_id": self.campaign.id, "attachment_id": attachment.id})
        wizard._onchange_file()
        return wizard

    def test_a_file_that_nobody_imports_is_removed(self):
        with freeze_time("2026-05-04 10:00:00"):
            forgotten = self._keep()
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE ir_attachment SET create_date = %s WHERE id = %s",
                ["2026-05-03 09:00:00", forgotten.id],
            )
            self.env.invalidate_all()
            recent = self._keep()
            self.env["ecm.contact.upload"]._gc_files()
        self.assertFalse(forgotten.exists())
        self.assertTrue(recent.exists())

    def test_an_imported_file_belongs_to_its_list(self):
        contact_list = self.queue(CONTENT)
        self.assertEqual(
            (contact_list.attachment_id.res_model, contact_list.attachment_id.res_id),
            ("ecm.contact.list", contact_list.id),
        )
        self.assertEqual(contact_list.file_size, len(CONTENT))

    def test_a_do_not_contact_list_is_loaded_from_a_dropped_file(self):
        supervisor = self.create_user("supervisor")
        dnc_list = self.env["ecm.dnc.list"].create({"name": "Registry", "dnc_class": "national"})
        loads = self.env["ecm.dnc.load"].with_user(supervisor)
        attachment = self._keep(supervisor)
        load = loads.create({"list_id": dnc_list.id, "attachment_id": attachment.id})
        self.assertEqual(load.file_name, "june.csv")
        with self.assertRaises(AccessError):
            loads.create({"list_id": dnc_list.id, "attachment_id": attachment.id})
        with self.assertRaises(AccessError):
            loads.create({"list_id": dnc_list.id, "attachment_id": self._keep().id})
        self.env["ecm.dnc.load"]._cron_import()
        self.assertEqual((load.state, load.loaded_count), ("done", 1))
        self.assertTrue(dnc_list.check_number("+493023125001"))
