from odoo.tests import new_test_user, tagged

from odoo.addons.ecm_campaign.tests.common import TourCase


@tagged("post_install", "-at_install")
class TestApiTour(TourCase):
    """From nothing to the first answer, as the developer guide's first page says (requirement R4)."""

    def test_a_key_and_the_guides_first_page(self):
        groups = "ecm_campaign.ecm_campaign_group_administrator"
        user = new_test_user(self.env, login="ecm_api_tour", groups=groups, name="ecm_api_tour")
        machine = new_test_user(
            self.env, login="ecm_api_machine", groups="ecm_campaign.ecm_campaign_group_agent"
        )
        self.start_tour("/odoo/ecm-api-keys", "ecm_api_key", login=user.login, timeout=180)
        key = self.env["ecm.api.key"].search([("name", "=", "CRM of the tour")])
        self.assertEqual((key.user_id, key.scope_ids.mapped("code")), (machine, ["campaigns:read"]))
        self.assertEqual((key.state, key.call_count), ("valid", 3))
