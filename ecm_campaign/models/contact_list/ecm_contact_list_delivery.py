import base64
import io

from odoo import api, models
from odoo.exceptions import UserError

from .ecm_import_profile import MODES


class EcmContactListDeliveryMixin(models.AbstractModel):
    """How an outside system delivers a file: plain values in, an id out (requirement L1)."""

    _name = "ecm.contact.list.delivery.mixin"
    _description = "Delivery of a Contact List"

    @api.model
    def create_from_file(
        self,
        campaign_id,
        file_name,
        content_base64=None,
        attachment_id=None,
        profile_id=None,
        mode=None,
    ):
        """Have the file of an outside system imported in the background (requirements L1 to L4).

        Either the content or an upload is given. Call it as a user that may change the campaign.

        :param int campaign_id: of ``ecm.campaign``
        :param str file_name: shown as the list's name
        :param str content_base64: the file; as large as an upload may be
        :param int attachment_id: of ``ir.attachment``: a file that this user has sent to
            ``/ecm/upload``, and that no record has taken yet
        :param int profile_id: of ``ecm.import.profile``; none to find out everything
        :param str mode: append, overwrite or update; the profile's if it is not given
        :return: id of the list (int), whose ``state`` is *queued* and becomes *done* or *failed*
        :raise UserError: something of this is missing or wrong, or the file cannot be read
        :raise AccessError: the user may not change the campaign, or the file is another's
        """
        self.check_access("create")
        campaign = self._get_named("ecm.campaign", campaign_id)
        campaign.check_access("write")
        profile = self._get_named("ecm.import.profile", profile_id) if profile_id else None
        values = {"source": "api"}
        if mode:
            values["mode"] = self._get_known_mode(mode)
        attachment = self._get_given_file(file_name, content_base64, attachment_id)
        created = self._create_from_file(campaign, file_name, attachment, profile, **values)
        return created.id

    @api.model
    def _get_named(self, model, record_id):
        """The record that an outside system names by its number.

        :raise UserError: there is none
        :raise AccessError: the user may not read it
        """
        record = self.env[model]
        if isinstance(record_id, int):
            record = record.browse(record_id).exists()
        if not record:
            label = self.env["ir.model"]._get(model).name
            raise UserError(
                self.env._(
                    "%(what)s: there is none with the number %(id)s.", what=label, id=record_id
                )
            )
        record.check_access("read")
        return record

    @api.model
    def _get_known_mode(self, mode):
        """:raise UserError: there is no such mode"""
        modes = dict(MODES)
        if mode not in modes:
            raise UserError(self.env._("The mode is one of: %s.", ", ".join(modes)))
        return mode

    @api.model
    def _get_given_file(self, file_name, content_base64, attachment_id):
        """The file that an outside system sends, or has sent before.

        :rtype: record of ``ir.attachment``, an upload of the user
        :raise UserError: it has no name, is not there, too large, or no base64
        :raise AccessError: the attachment is no upload of this user
        """
        if not isinstance(file_name, str) or not file_name.strip():
            raise UserError(self.env._("Give the file a name."))
        if bool(content_base64) == bool(attachment_id):
            raise UserError(self.env._("Give either the content of the file or its upload."))
        if attachment_id:
            attachment = self._get_named("ir.attachment", attachment_id)
            upload = attachment._get_own_upload()
            return upload.sudo(False)
        content = self._decode_content(content_base64)
        stream = io.BytesIO(content)
        return self.env["ir.attachment"]._create_from_stream(file_name, stream)

    @api.model
    def _decode_content(self, content_base64):
        """:raise UserError: it is no base64, or larger than an upload may be"""
        if not isinstance(content_base64, str):
            raise UserError(self.env._("The content of the file is no base64."))
        # Some encoders break the text into lines.
        text = "".join(content_base64.split())
        try:
            content = base64.b64decode(text, validate=True)
        except ValueError as error:
            raise UserError(self.env._("The content of the file is no base64.")) from error
        if len(content) > self.env["ecm.contact.upload"]._get_max_size():
            raise UserError(self.env._("The file is larger than an upload may be."))
        return content
