from odoo import api, fields, models

from odoo.addons.ecm_campaign.tools.health import Reading, seconds_late

# A source that failed so often in a row calls for somebody.
SOURCE_FAILURES = 3


class EcmHealth(models.AbstractModel):
    _inherit = "ecm.health"

    @api.model
    def _get_health_readings(self):
        return [*super()._get_health_readings(), *self._read_sources()]

    @api.model
    def _get_health_kinds(self):
        return [*super()._get_health_kinds(), ("source", self.env._("Import source"))]

    @api.model
    def _retry_reading(self, kind, record):
        if kind == "source":
            # The next run of the scheduled action looks at it.
            record.next_run_at = False
            self._get_jobs_of(record._name)._trigger()
        return super()._retry_reading(kind, record)

    def _read_sources(self):
        may_call = self._may_call()
        sources = self.env["ecm.import.source"].with_context(active_test=False).search([])
        return [self._read_source(source, may_call) for source in sources]

    def _read_source(self, source, may_call):
        now = fields.Datetime.now()
        worked_at = None if source.failure_count else source.last_run_at
        return Reading(
            kind="source",
            key=f"ecm.import.source,{source.id},source",
            name=source.name,
            model="ecm.import.source",
            res_id=source.id,
            is_on=bool(may_call and source.active and source.campaign_id.active),
            last_success_at=worked_at or None,
            behind=seconds_late(source.next_run_at, now),
            failures=source.failure_count,
            is_failing=source.failure_count >= SOURCE_FAILURES,
            error=source.last_error or "",
            company_id=source.company_id.id,
            user_ids=frozenset(source.campaign_id.user_id.ids),
        )
