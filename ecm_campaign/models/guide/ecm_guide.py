import re

from markupsafe import Markup

from odoo import api, models
from odoo.tools import file_open, file_path

from ...const import ADMINISTRATOR, AGENT, SUPERVISOR

ADDRESS = "/ecm/guide"
_NAME = re.compile(r"[a-z][a-z-]*")
# Last parts of addresses of the web client that are no screen of ours.
_NO_SCREEN = ("odoo", "new")


class EcmGuide(models.AbstractModel):
    """The guide in Odoo (requirement R8): `docs/guide`, as ``make guide`` has written it for the
    module, and which of its chapters is about which screen.
    """

    _name = "ecm.guide"
    _description = "Guide"

    @api.model
    def _has_guide(self):
        """Whether the user is one of those whom the guide is for."""
        return self.env.user.has_group(AGENT)

    @api.model
    def _get_parts(self):
        """Parts of the guide that are for the user's role.

        :return: list of ``(name of the page, title)``
        """
        parts = [("agent", self.env._("For agents"))]
        if self.env.user.has_group(SUPERVISOR):
            parts.append(("supervisor", self.env._("For supervisors")))
        if self.env.user.has_group(ADMINISTRATOR):
            parts.append(("administrator", self.env._("For administrators")))
        return [*parts, ("glossary", self.env._("Glossary"))]

    @api.model
    def _get_chapters(self):
        """Chapters about screens; modules add their own.

        :return: ``{path of the action: chapter}``; a chapter is ``page#heading``
        """
        return {
            "outbound-campaigns": "supervisor#the-first-campaign",
            "outbound-templates": "supervisor#the-first-campaign",
            "outbound-dry-runs": "supervisor#the-first-campaign",
            "outbound-contacts": "supervisor#while-it-runs",
            "outbound-bulk-actions": "supervisor#change-many-at-once",
            "outbound-withdrawals": "supervisor#change-many-at-once",
            "outbound-lists": "supervisor#lists",
            "outbound-global-lists": "supervisor#lists",
            "outbound-import-profiles": "supervisor#lists",
            "outbound-phone-modes": "supervisor#lists",
            "outbound-strategies": "supervisor#strategies-and-wrap-ups",
            "outbound-wrap-ups": "supervisor#strategies-and-wrap-ups",
            "outbound-outcomes": "supervisor#strategies-and-wrap-ups",
            "outbound-dialer-codes": "supervisor#strategies-and-wrap-ups",
            "outbound-calling-hours": "supervisor#when-people-may-be-called",
            "outbound-holidays": "supervisor#when-people-may-be-called",
            "outbound-region-rules": "supervisor#when-people-may-be-called",
            "outbound-dnc-lists": "supervisor#who-must-not-be-called",
            "outbound-dnc-entries": "supervisor#who-must-not-be-called",
            "outbound-dnc-loads": "supervisor#who-must-not-be-called",
            "outbound-attempts": "supervisor#what-came-of-it",
            "outbound-recent-attempts": "supervisor#what-came-of-it",
            "outbound-exports": "supervisor#what-came-of-it",
            "outbound-campaign-groups": "glossary#campaigns",
            "outbound-teams": "administrator#give-people-their-roles",
            "outbound-erasures": "administrator#keep-the-law",
            "outbound-changes": "administrator#watch-it",
            "ecm-health": "administrator#watch-it",
        }

    @api.model
    def _get_agent_chapters(self):
        """As `_get_chapters`: what agents read about their screens; others do where nothing else is
        said.
        """
        return {
            "outbound-campaigns": "agent#contacts-and-campaigns",
            "outbound-contacts": "agent#contacts-and-campaigns",
            "outbound-attempts": "agent#contacts-and-campaigns",
            "outbound-recent-attempts": "agent#contacts-and-campaigns",
        }

    @api.model
    def _get_own_chapters(self):
        """Chapters for the user's role, as `_get_chapters`; none for who has no role."""
        if self.env.user.has_group(SUPERVISOR):
            return {**self._get_agent_chapters(), **self._get_chapters()}
        return self._get_agent_chapters() if self._has_guide() else {}

    @api.model
    def _get_tours(self):
        """Where the tour of a part begins.

        :return: ``{name of the page: address of the web client}``
        """
        return {"supervisor": "/odoo?tour=ecm_campaign_tour"}

    @api.model
    def _find_chapter(self, screen):
        """The chapter about a screen, for the user's role.

        :param str screen: path of an action; another gets the part for the role
        :return: ``page#heading`` or ``page``
        """
        part = "supervisor" if self.env.user.has_group(SUPERVISOR) else "agent"
        return self._get_own_chapters().get(screen, part)

    @api.model
    def _find_screen(self, address):
        """The path of the action that an address of the web client shows.

        :param str address: such as ``/odoo/outbound-campaigns/7``
        :return: empty where it shows none that has a path
        """
        for part in reversed(address.split("/")):
            if _NAME.fullmatch(part) and part not in _NO_SCREEN:
                return part
        return ""

    @api.model
    def _read_page(self, name):
        """A page as HTML, which is ours; None where there is no such page."""
        if not _NAME.fullmatch(name):
            return None
        try:
            with file_open(f"ecm_campaign/guide/pages/{name}.html") as file:
                return Markup(file.read())
        except FileNotFoundError:
            return None

    @api.model
    def _find_picture(self, name):
        """Where a picture lies on the disk; None where there is no such picture."""
        if not _NAME.fullmatch(name):
            return None
        try:
            return file_path(f"ecm_campaign/guide/images/{name}.png")
        except FileNotFoundError:
            return None

    @api.model
    def _add_link(self, text, screen):
        """What stands where a list is empty, with the chapter about the screen below it.

        :param text: HTML, may be empty
        :param str screen: path of the action
        :return: the text alone for a screen without a chapter, or for who has no guide
        """
        chapter = text and self._get_own_chapters().get(screen)
        if not chapter:
            return text
        link = Markup('<p><a href="%s/%s" target="_blank">%s</a></p>')
        return Markup(text) + link % (ADDRESS, chapter, self.env._("Read about it in the guide"))

    @api.model
    def _get_language(self):
        """:return: ``{"language", "direction"}`` of what is not the guide itself, as HTML has it"""
        lang = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        return {
            "language": (lang.code or "en").replace("_", "-"),
            "direction": lang.direction or "ltr",
        }
