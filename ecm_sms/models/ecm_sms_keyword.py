from odoo import api, fields, models, tools

from ..tools.keywords import Request, Words, fold

ACTIONS = [("stop", "Stop"), ("start", "Start"), ("help", "Help")]


class EcmSmsKeyword(models.Model):
    """A word that people reply with, and what it asks for (requirement N5)."""

    _name = "ecm.sms.keyword"
    _inherit = ["ecm.logged.mixin"]
    _description = "SMS Keyword"
    _order = "action, name"

    name = fields.Char("Word", required=True)
    action = fields.Selection(ACTIONS, "Asks for", required=True, default="stop")
    place = fields.Selection(
        [
            ("short", "In a reply of up to three words"),
            ("first", "As the first word of any reply, too"),
            ("anywhere", "Wherever it stands"),
        ],
        "Counts",
        required=True,
        default="short",
    )
    lang = fields.Char(
        "Language",
        size=3,
        required=True,
        default="en",
        help="Two letters, such as de: in this language it is answered.",
    )
    folded = fields.Char(compute="_compute_folded", store=True)
    active = fields.Boolean(default=True)

    _folded_unique = models.Constraint("UNIQUE(folded)", "This word is there already.")
    _folded_present = models.Constraint("CHECK(folded <> '')", "A word needs letters.")

    @api.depends("name")
    def _compute_folded(self):
        for keyword in self:
            keyword.folded = fold(keyword.name or "")

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    @api.model
    @tools.ormcache()
    def _get_words(self):
        """:rtype: tools.keywords.Words"""
        groups = {"short": {}, "first": {}, "anywhere": {}}
        for keyword in self.sudo().search([]):
            request = Request(keyword.action, keyword.lang)
            groups[keyword.place][keyword.folded] = request
        return Words(**groups)
