import re
from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import MissingError, ValidationError

from ..exceptions import WrongValue, refuse_emptied
from ..tools.times import as_naive, as_text

CRM_PREFIX = "crm:"
CRM_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# What other systems give and change.
GIVEN = (
    "name",
    "crm_campaign_id",
    "description",
    "strategy_id",
    "callback_strategy_id",
    "tz",
    "date_start",
    "date_end",
    "duplicate_policy",
    "dangling_hours",
    "ttl_days",
)


class EcmCampaign(models.Model):
    _inherit = "ecm.campaign"

    crm_campaign_id = fields.Char(
        "ID in your CRM",
        copy=False,
        help="What your CRM calls this campaign. Other systems may name the campaign by it: "
        "crm:4711. Letters, digits, dots, hyphens and underscores.",
    )

    _crm_unique = models.UniqueIndex(
        "(company_id, crm_campaign_id) WHERE crm_campaign_id IS NOT NULL",
        "Another campaign has this ID in your CRM already.",
    )

    @api.constrains("crm_campaign_id")
    def _check_crm_campaign_id(self):
        for campaign in self:
            if campaign.crm_campaign_id and not CRM_ID.fullmatch(campaign.crm_campaign_id):
                raise ValidationError(
                    self.env._(
                        "The ID in your CRM has 1 to 64 letters, digits, dots, hyphens or "
                        "underscores."
                    )
                )

    # -- verbs of other systems (docs/api.md) ------------------------------------------------------

    @api.model
    def api_get(self, campaign):
        """A campaign (requirement R4).

        :param campaign: its id, or ``crm:`` with the id that your CRM gave it
        :return: dict with ``id``, ``crm_campaign_id``, ``name``, ``kind``, ``is_running``,
            ``started_at``, ``stopped_at`` and so on; moments as texts in UTC
        :raise MissingError: there is none for this user
        """
        return self._api_find(campaign)._api_describe()

    @api.model
    def api_create(self, values):
        """Create a campaign, which does not run yet.

        :param dict values: ``name``; ``template_id`` of a template or campaign whose settings it
            takes, or ``strategy_id``; and, as far as they differ, ``kind``, ``crm_campaign_id``,
            ``description``, ``callback_strategy_id``, ``tz``, ``date_start``, ``date_end``,
            ``duplicate_policy``, ``dangling_hours``, ``ttl_days`` and ``targets``, a dict of
            fields such as ``dialer_campaign_id`` and the ids of what carries its attempts out
        :return: see `api_get`
        :raise ValidationError: a value is missing, unknown or wrong
        """
        self.check_access("create")
        values = dict(values)
        template = values.pop("template_id", None)
        given = self._api_prepare(values, kind=True)
        if not given.get("name"):
            raise WrongValue(self.env._("Give the campaign a name."), "name")
        if template:
            if "kind" in given:
                raise WrongValue(self.env._("The kind is the template's."), "kind")
            source = self._api_find(template, with_templates=True)
            created = source.copy({"active": True, **given})
        else:
            if not given.get("strategy_id"):
                text = self.env._("Say by which strategy, or give a template.")
                raise WrongValue(text, "strategy_id")
            created = self.create(given)
        return created._api_describe()

    @api.model
    def api_update(self, campaign, values):
        """Change settings of a campaign.

        :param dict values: those of `api_create` that change, without the kind
        :return: see `api_get`
        :raise UserError: they cannot change while it runs
        """
        self.check_access("write")
        found = self._api_find(campaign)
        found.write(self._api_prepare(dict(values)))
        return found._api_describe()

    @api.model
    def api_clone(self, campaign, values=None):
        """A new campaign with the settings of another or of a template, without its contacts.

        :param dict values: see `api_create`; without a name it is the other's, with a number
        :return: see `api_get`
        """
        self.check_access("create")
        source = self._api_find(campaign, with_templates=True)
        given = self._api_prepare(dict(values or {}))
        if given.get("name"):
            return source.copy({"active": True, **given})._api_describe()
        return source._copy_as(source.name, active=True, **given)._api_describe()

    @api.model
    def api_start(self, campaign):
        """Start feeding in the calling hours. Starting twice changes nothing.

        :return: see `api_get`
        :raise UserError: says what is missing first
        """
        self.check_access("write")
        found = self._api_find(campaign)
        found.action_start()
        return found._api_describe()

    @api.model
    def api_stop(self, campaign):
        """Cut the feed. What the dialer has not called yet is taken back where it can be.

        :return: see `api_get`
        """
        self.check_access("write")
        found = self._api_find(campaign)
        found.action_stop()
        return found._api_describe()

    @api.model
    def api_delete(self, campaign):
        """Delete a campaign of which nobody was contacted yet, with its contacts.

        :return: its id
        :raise UserError: it runs, or has a history
        """
        self.check_access("unlink")
        found = self._api_find(campaign)
        number = found.id
        found.unlink()
        return number

    @api.model
    def api_stats(self, campaign):
        """How many contacts are in which state now.

        :return: ``{"campaign_id", "total", "closed", "progress_percent", "by_state"}``
        """
        found = self._api_find(campaign)
        return {
            "campaign_id": found.id,
            "total": found.contact_count,
            "closed": found.closed_count,
            "progress_percent": round(found.progress, 1),
            "by_state": found.get_state_tally(),
        }

    @api.model
    def _api_find(self, campaign, with_templates=False):
        """The campaign that another system names.

        :param campaign: id, or ``crm:`` with its ID in your CRM
        :raise MissingError: there is none that this user may read: nobody learns which
        """
        self.check_access("read")
        text = str(campaign)
        domain = [("id", "=", int(text))] if text.isdecimal() and int(text) < 2**31 else None
        if text.startswith(CRM_PREFIX):
            domain = [("crm_campaign_id", "=", text.removeprefix(CRM_PREFIX))]
        if domain and not with_templates:
            domain.append(("is_template", "=", False))
        # An ID in the CRM is unique in one company only.
        everything = self.with_context(active_test=False)
        found = domain and everything.search(domain, limit=2, order="id")
        if not found or len(found) > 1:
            raise MissingError(self.env._("There is no campaign %s for this key.", text))
        return found.with_context(active_test=True)

    @api.model
    def _api_prepare(self, values, kind=False):
        """:raise WrongValue: what is given is no setting, names what the user may not see, or
        empties what must have a value
        """
        targets = values.pop("targets", None) or {}
        known = (*GIVEN, "kind") if kind else GIVEN
        for name in values:
            if name not in known:
                raise WrongValue(self.env._("There is no setting %s.", name), name)
        for name in targets:
            if name not in self._get_target_fields():
                raise WrongValue(self.env._("There is no target %s.", name), f"targets.{name}")
        given = {}
        for name, value in values.items():
            if value is not None:
                given[name] = self._api_read(name, value)
        for name, value in {**given, **targets}.items():
            self._api_check(name, value)
        empty = {name: False for name, value in values.items() if value is None}
        prepared = {**empty, **given, **targets}
        refuse_emptied(self, prepared)
        return prepared

    def _api_read(self, name, value):
        """:raise WrongValue: it is no moment, where one is asked for"""
        if self._fields[name].type != "datetime" or not isinstance(value, str):
            return value
        try:
            return as_naive(datetime.fromisoformat(value))
        except (ValueError, OverflowError) as error:
            text = self.env._("Write a moment as in 2026-12-01T08:00:00Z.")
            raise WrongValue(text, name) from error

    def _api_check(self, name, value):
        field = self._fields[name]
        if field.type != "many2one":
            return
        found = self.env[field.comodel_name].search([("id", "=", value)])
        if not found:
            text = self.env._("%(what)s: there is no %(id)s.", what=name, id=value)
            raise WrongValue(text, name)

    def _api_describe(self):
        self.ensure_one()
        return {
            "id": self.id,
            "crm_campaign_id": self.crm_campaign_id or None,
            "name": self.name,
            "kind": self.kind,
            "description": self.description or None,
            "is_running": self.is_running,
            "is_archived": not self.active,
            "started_at": as_text(self.started_at),
            "stopped_at": as_text(self.stopped_at),
            "date_start": as_text(self.date_start),
            "date_end": as_text(self.date_end),
            "tz": self.tz or None,
            "strategy": self.strategy_id.name or None,
            "strategy_id": self.strategy_id.id or None,
            "callback_strategy_id": self.callback_strategy_id.id or None,
            "duplicate_policy": self.duplicate_policy,
            "dangling_hours": self.dangling_hours,
            "ttl_days": self.ttl_days,
            "responsible": self.user_id.sudo().name or None,
            "targets": {name: self[name].id or None for name in sorted(self._get_target_fields())},
        }
