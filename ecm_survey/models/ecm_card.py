from odoo import models


class EcmCard(models.Model):
    _inherit = "ecm.card"

    def _get_contents(self):
        """With the script of the campaign, and the wrap-up that its answers have set."""
        contents = super()._get_contents()
        card = self.sudo()
        contents["survey"] = card._describe_survey()
        contents["preset"] = card._get_preset(contents["choices"])
        return contents

    def _describe_survey(self):
        """:return: ``{"url", "title", "is_done"}``, False where the campaign has no script"""
        survey = self.campaign_id.survey_id
        if not survey or not self.attempt_id:
            return False
        sheets = self.env["survey.user_input"]
        done = [("ecm_attempt_id", "=", self.attempt_id.id), ("state", "=", "done")]
        return {
            "url": f"/ecm/script/card/{self.id}",
            "title": survey.title,
            "is_done": bool(sheets.search_count(done, limit=1)),
        }

    def _get_preset(self, choices):
        """:param choices: see ``_get_choices``
        :return: code of the one that the script has set, or False
        """
        code = f"wrap_up:{self.attempt_id.script_outcome_id.id}"
        return code if code in {choice["code"] for choice in choices} else False

    def _get_history(self):
        """With what the customer has answered during earlier attempts."""
        history = super()._get_history()
        answers = self.env["ecm.answer"].sudo()
        ids = [item["id"] for item in history]
        found = answers.search([("attempt_id", "in", ids)], order="attempt_id, sequence, id")
        said = {}
        for line in found:
            answer = {"id": line.id, "question": line.question_id.title, "answer": line.answer}
            said.setdefault(line.attempt_id.id, []).append(answer)
        return [{**item, "answers": said.get(item["id"], [])} for item in history]

    def _take_again(self):
        """What was answered goes along to the new attempt."""
        card = super()._take_again()
        agent = card.user_id._get_agent_name()
        self.env["survey.user_input"].sudo()._adopt(card.sudo().attempt_id, agent)
        return card

    def _end_without_wrap_up(self, state):
        """A call whose agent has completed the script, and is gone without a word at the desk, came
        to what the script says.
        """
        told = self.filtered(lambda card: card._get_preset(card._get_choices(card.campaign_id)))
        for card in told:
            card._end_as_scripted(state)
        super(EcmCard, self - told)._end_without_wrap_up(state)

    def _end_as_scripted(self, state):
        said = self._read_choice(f"wrap_up:{self.attempt_id.script_outcome_id.id}")
        result = self._make_result(said, 0, None)
        self.env["ecm.engine"].sudo()._apply_results([result])
        self._note_done(said, result, "")
        self.state = state
