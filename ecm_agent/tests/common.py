from datetime import timedelta

from odoo import fields

from odoo.addons.ecm_campaign.tests.common import CampaignCase


class AgentCase(CampaignCase):
    """A running campaign without a dialer, whose cards a team takes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls.create_user("agent", login="anna", name="Anna", tz="Europe/Berlin")
        cls.boris = cls.create_user("agent", login="boris", name="Boris", tz="Europe/Berlin")
        cls.team = cls.create_team("Front desk", cls.anna | cls.boris)
        cls.wrap_ups = cls.create_wrap_ups()
        cls.campaign = cls.create_manual("Spring offer by hand")

    @classmethod
    def create_team(cls, name, users):
        return cls.env["ecm.team"].create({"name": name, "user_ids": users.ids})

    @classmethod
    def create_wrap_ups(cls):
        create = fields.Command.create
        values = {"action": "close", "kind": "success"}
        later = {"action": "again", "kind": "failure", "asks_callback": True}
        return cls.env["ecm.business.outcome.group"].create(
            {
                "name": "Of the desk",
                "outcome_ids": [
                    create({"name": "Sold", "code": "sold", **values}),
                    create({"name": "Later", "code": "later", **later}),
                    create({"name": "Never again", "code": "never", "suppresses": True, **values}),
                ],
            }
        )

    @classmethod
    def create_manual(cls, name, **values):
        """A campaign that runs by hand."""
        values = {
            "strategy_id": cls.env.ref("ecm_agent.ecm_strategy_manual").id,
            "callback_strategy_id": cls.env.ref("ecm_agent.ecm_strategy_manual_callback").id,
            "agent_team_id": cls.team.id,
            "business_outcome_group_id": cls.wrap_ups.id,
            **values,
        }
        campaign = cls.create_campaign(name, **values)
        campaign.action_start()
        return campaign

    @classmethod
    def create_contacts(cls, count, campaign=None):
        contacts = cls.env["ecm.contact"]
        for number in range(count):
            contacts |= cls.create_contact(campaign, phone_1=f"+4930231251{number:02}")
        return contacts

    def cards(self, user=None):
        return self.env["ecm.card"].with_user(user or self.anna)

    def take(self, user=None):
        """The next card of an agent; empty where there is none."""
        self.env.flush_all()
        user = user or self.anna
        self.cards(user).request_card()
        self.env.invalidate_all()
        return self.cards(user)._get_in_hand(user)

    def choose(self, code):
        """How the desk names an outcome or a wrap-up."""
        wrap_up = self.wrap_ups.outcome_ids.filtered(lambda each: each.code == code)
        if wrap_up:
            return f"wrap_up:{wrap_up.id}"
        return f"outcome:{self.env['ecm.outcome'].search([('code', '=', code)]).id}"

    def end(self, card, code, **values):
        """A call on a card, from its beginning to its end."""
        card.call()
        card.wrap_up(self.choose(code), **values)
        self.env.invalidate_all()

    def lose_browser(self, card):
        """Nothing was heard of the agent's browser for longer than a lease."""
        card.sudo().lease_until = fields.Datetime.now() - timedelta(seconds=1)
        self.env.flush_all()

    def take_turn(self, team=None):
        (team or self.team)._take_turn()
        self.env.invalidate_all()
