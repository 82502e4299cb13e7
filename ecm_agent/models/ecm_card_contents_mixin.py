from odoo import models

from ..tools.moments import to_clock
from odoo.addons.ecm_campaign.const import BUSINESS_PARAMETERS

# So many earlier attempts stand on a card.
HISTORY_SIZE = 15


class EcmCardContents(models.AbstractModel):
    """What an agent sees of a customer (requirements R7, R10): of one's own cards alone, whatever
    else the agent may read.
    """

    _name = "ecm.card.contents.mixin"
    _description = "Contents of a Card"

    def _get_contents(self):
        """The card as the desk shows it; moments are naive UTC as Odoo writes them.

        :rtype: dict
        """
        self.ensure_one()
        card, to_text = self.sudo(), self.env["ecm.card"]._write_moment
        contact, campaign = card.contact_id, card.campaign_id
        values = contact._get_script_values()
        zone = card._get_zone()
        return {
            "id": card.id,
            "state": card.state,
            "number": card.number,
            "name": " ".join(filter(None, (contact.first_name, contact.last_name))),
            "campaign": campaign.name,
            "team": card.team_id.name,
            "called_at": to_text(card.called_at),
            "callback": contact.callback or False,
            "callback_due": to_text(contact.callback_due),
            "zone": zone,
            "local_time": to_clock(self.env.cr.now(), zone),
            "details": card._get_details(),
            "parameters": card._get_shown_parameters(values),
            "script": campaign._get_script(values),
            "history": card._get_history(),
            "choices": card._get_choices(campaign),
            "step": contact.attempt_count + 1,
        }

    def _write_moment(self, moment):
        return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else False

    def _get_shown_parameters(self, values):
        """Business parameters that have a value, by their labels.

        :return: list of ``{"label", "value"}``
        """
        labels = {}
        for item in self.campaign_id.parameters_definition or ():
            labels[item["name"]] = item.get("string") or item["name"]
        shown = []
        for name in BUSINESS_PARAMETERS:
            if values.get(name):
                shown.append({"label": labels.get(name, name), "value": values[name]})
        return shown

    def _get_details(self):
        """Session details, those that are known (requirement F1).

        :return: list of ``{"label", "value"}``
        """
        contact = self.contact_id
        names = (
            "account_number",
            "email",
            "state_name",
            "zip",
            "area_code",
            "campaign_group",
            "list_number",
        )
        labels = self.env["ecm.contact"].fields_get(names, ["string"])
        details = []
        for name in names:
            if contact[name]:
                details.append({"label": labels[name]["string"], "value": str(contact[name])})
        others = [phone for phone in contact._get_phones() if phone and phone != self.number]
        if others:
            details.append({"label": self.env._("Other numbers"), "value": ", ".join(others)})
        return details

    def _get_history(self):
        """Earlier attempts on the contact, the last one in front, with what agents have noted.

        :return: list of dicts
        """
        attempts = self.env["ecm.attempt"].sudo()
        earlier = attempts.search(
            [("contact_id", "=", self.contact_id.id), ("id", "!=", self.attempt_id.id)],
            limit=HISTORY_SIZE,
        )
        noted = self.env["ecm.card"].sudo().search([("contact_id", "=", self.contact_id.id)])
        notes = {card.key: card.note for card in noted if card.note}
        return [self._describe_attempt(attempt, notes) for attempt in earlier]

    def _describe_attempt(self, attempt, notes):
        return {
            "id": attempt.id,
            "at": self._write_moment(attempt.called_at or attempt.claimed_at),
            "number": attempt.number or "",
            "outcome": attempt.outcome_id.name or "",
            "wrap_up": attempt.business_outcome_id.name or attempt.wrap_up or "",
            "agent": attempt.agent or "",
            "seconds": attempt.duration_seconds,
            "note": notes.get(attempt.key, ""),
        }
