from odoo import fields, models
from odoo.exceptions import AccessError

from odoo.addons.ecm_campaign.const import SUPERVISOR

MENU = "ecm_campaign.ecm_campaign_menu_root"


class DigestDigest(models.Model):
    _inherit = "digest.digest"

    kpi_ecm_attempts = fields.Boolean("Attempts")
    kpi_ecm_attempts_value = fields.Integer(compute="_compute_kpi_ecm_attempts_value")
    kpi_ecm_reached = fields.Boolean("Attempts that reached a person")
    kpi_ecm_reached_value = fields.Integer(compute="_compute_kpi_ecm_reached_value")
    kpi_ecm_success = fields.Boolean("Successes")
    kpi_ecm_success_value = fields.Integer(compute="_compute_kpi_ecm_success_value")

    def _compute_kpi_ecm_attempts_value(self):
        self._count_attempts("kpi_ecm_attempts_value", [])

    def _compute_kpi_ecm_reached_value(self):
        self._count_attempts("kpi_ecm_reached_value", [("reached", "=", 1)])

    def _compute_kpi_ecm_success_value(self):
        self._count_attempts("kpi_ecm_success_value", [("success", "=", 1)])

    def _count_attempts(self, name, domain):
        """Attempts with a result in the digest's time, as the report counts them.

        :raise AccessError: Odoo leaves the number out of what is sent to such a user
        """
        if not self.env.user.has_group(SUPERVISOR):
            raise AccessError(self.env._("Do not have access, skip this data for user's digest"))
        self._calculate_company_based_kpi(
            "ecm.report.attempt", name, date_field="called_at", additional_domain=domain
        )

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        action = f"ecm_report.ecm_report_attempt_action?menu_id={self.env.ref(MENU).id}"
        for name in ("kpi_ecm_attempts", "kpi_ecm_reached", "kpi_ecm_success"):
            actions[name] = action
        return actions
