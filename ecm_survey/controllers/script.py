from datetime import timedelta

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.http import request
from odoo.tools.misc import hash_sign, verify_hash_signed

from ..const import GRANT_HOURS, SCOPE, SCRIPT, SHEET_SCOPE
from odoo.addons.survey.controllers.main import Survey

COOKIE = "ecm_script_%s"
SECONDS = timedelta(hours=GRANT_HOURS).total_seconds()


class ScriptController(Survey):
    """Odoo's own pages of a survey, for whoever is on the phone (requirement R10).

    A sheet is opened by a card, or by a link that is signed for one call; a signed cookie of its own
    says that the browser may fill it in. Not the session: of two requests at once, the later one
    would write it without what the other has noted. Odoo's own links, with the tokens of survey and
    answer, open nothing by themselves: whoever copies one sees no customer.
    """

    @http.route("/ecm/script/card/<int:card_id>", type="http", auth="user", methods=["GET"])
    def open_script_of_card(self, card_id, **_others):
        """The script of a card, for its agent."""
        card = request.env["ecm.card"].browse(card_id).exists()
        if not card:
            raise request.not_found()
        attempt = card._check_own().attempt_id
        return self._open_script(attempt, request.env.user._get_agent_name())

    @http.route("/ecm/script/<string:token>", type="http", auth="public", methods=["GET"])
    def open_script_of_link(self, token, **_others):
        """The script of a call, by a link of the screen pop or of a desktop."""
        try:
            values = verify_hash_signed(request.env(su=True), SCOPE, token)
        except ValueError:
            values = None
        if not values:
            raise UserError(request.env._("This link is over. Open the script from the call anew."))
        attempt_id, agent, user_id = values
        if user_id and user_id != request.env.uid:
            raise AccessError(request.env._("This link is another's."))
        attempt = request.env["ecm.attempt"].sudo().browse(attempt_id).exists()
        return self._open_script(attempt, agent)

    def _open_script(self, attempt, agent):
        """:param attempt: with all rights; whoever asks may see it"""
        if not attempt._may_be_guided():
            raise UserError(
                request.env._("This call has no script, or is over for too long to fill it in.")
            )
        sheet = request.env["survey.user_input"]._open_sheet(attempt, agent)
        response = request.redirect(f"/survey/{sheet.survey_id.access_token}/{sheet.access_token}")
        self._grant(response, sheet)
        return response

    def _grant(self, response, sheet):
        """Let this browser fill in a sheet, for whoever is logged in now."""
        values = [sheet.id, request.env.uid]
        env = request.env(su=True)
        token = hash_sign(env, SHEET_SCOPE, values, expiration_hours=GRANT_HOURS)
        response.set_cookie(
            COOKIE % sheet.id,
            token,
            max_age=int(SECONDS),
            expires=None,
            path="/survey",
            secure=request.httprequest.is_secure,
            httponly=True,
            samesite="Lax",
        )

    def _is_granted(self, sheet):
        token = request.httprequest.cookies.get(COOKIE % sheet.id, "")
        try:
            values = verify_hash_signed(request.env(su=True), SHEET_SCOPE, token)
        except ValueError:
            return False
        return values == [sheet.id, request.env.uid]

    # -- Odoo's own pages -------------------------------------------------------------------------

    def _check_validity(
        self, survey_sudo, answer_sudo, answer_token, ensure_token=True, check_partner=True
    ):
        """A script is opened by whom a call was given to."""
        is_script = survey_sudo.survey_type == SCRIPT or answer_sudo.ecm_contact_id
        if is_script and not answer_sudo.test_entry:
            if not answer_sudo:
                return "token_required"
            if not self._is_granted(answer_sudo):
                return "answer_wrong_user"
            # Whoever it is that has the call now.
            check_partner = False
        return super()._check_validity(
            survey_sudo, answer_sudo, answer_token, ensure_token, check_partner
        )

    @http.route()
    def survey_display_page(self, survey_token, answer_token, **post):
        """With the customer's name and so on in its place."""
        response = super().survey_display_page(survey_token, answer_token, **post)
        sheet = response.qcontext.get("answer") if getattr(response, "is_qweb", False) else None
        if sheet and sheet.ecm_contact_id:
            response.flatten()
            response.set_data(sheet._fill_placeholders(response.get_data(as_text=True)))
        return response

    def _prepare_question_html(self, survey_sudo, answer_sudo, **post):
        """The next page, likewise."""
        page = super()._prepare_question_html(survey_sudo, answer_sudo, **post)
        if answer_sudo.ecm_contact_id:
            page["survey_content"] = answer_sudo._fill_placeholders(str(page["survey_content"]))
        return page
