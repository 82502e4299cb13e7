from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.ecm_campaign.tools import contact_rows

# So many records are looked at for the preview; of more it tells what a sample comes to.
PREVIEW_LIMIT = 5000


class EcmCrmLaunchPreview(models.AbstractModel):
    """What a launch would come to: the same code as the import, which stores nothing (R1)."""

    _name = "ecm.crm.launch.preview"
    _description = "Preview of a Launch"

    record_count = fields.Integer("Records", compute="_compute_preview")
    fitting_count = fields.Integer(
        "Will be contacted", compute="_compute_preview", help="They become contacts."
    )
    no_number_count = fields.Integer(
        "No number", compute="_compute_preview", help="No number that can be called."
    )
    repeated_count = fields.Integer(
        "Same number twice", compute="_compute_preview", help="Another record has the number."
    )
    known_count = fields.Integer(
        "In the campaign already",
        compute="_compute_preview",
        help="The record, or its number, is there: nobody is contacted twice.",
    )
    dnc_count = fields.Integer(
        "Do not contact",
        compute="_compute_preview",
        help="All numbers are on do-not-contact lists. They are stored as DNC Listed.",
    )
    is_sample = fields.Boolean(compute="_compute_preview")
    preview_problem = fields.Char(compute="_compute_preview")

    @api.depends(
        "model",
        "choice",
        "domain",
        "filter_id",
        "campaign_id",
        "template_id",
        "is_new_campaign",
        "known_scope",
        "state",
        "line_ids.target",
        "line_ids.field_name",
        "line_ids.sequence",
    )
    def _compute_preview(self):
        for launch in self:
            counts, problem = Counter(), False
            # What has begun tells what came of it.
            if launch.state == "draft" and launch.model:
                try:
                    counts = launch._count_preview()
                except (UserError, ValidationError, AccessError) as error:
                    problem = str(error)
            launch.preview_problem = problem
            launch.record_count = counts["records"]
            launch.is_sample = counts["records"] > PREVIEW_LIMIT
            for name in ("fitting", "no_number", "repeated", "known", "dnc"):
                launch[f"{name}_count"] = counts[name]

    def _count_preview(self):
        """:rtype: Counter
        :raise UserError: something is missing, or cannot be read
        """
        ids = self._find_ids()
        looked_at = _take_sample(ids)
        counts = self._judge(looked_at)
        if len(ids) > len(looked_at):
            share = len(ids) / len(looked_at)
            counts = Counter({name: round(count * share) for name, count in counts.items()})
        counts["records"] = len(ids)
        return counts

    def _judge(self, ids):
        """What becomes of each of these records, as the import decides it.

        :rtype: Counter
        """
        counts, campaign = Counter(), self._get_campaign()
        if not (ids and campaign):
            return counts
        layout = self._get_layout()
        options = self._get_options(layout, self._get_header(layout))
        values = {"name": "-", "campaign_id": campaign.id, "options": options}
        trial = self.env["ecm.contact.list"].sudo().new({**values, **self._prepare_list_values()})
        parsed = contact_rows.parse_rows(
            enumerate(self._read_rows(ids), start=2),
            trial._get_column_map(),
            trial._get_parse_options(),
        )
        seen = set()
        for chunk in parsed:
            counts["no_number"] += len(chunk.rejects)
            chunk.texts = [""] * len(chunk.contacts)
            rows = trial._extend_rows(trial._scrub(chunk.contacts, chunk.texts), chunk)
            counts.update(trial._judge_rows(rows, seen))
        return counts


def _take_sample(ids):
    """Ids that are spread over all of them; all where these are few."""
    if len(ids) <= PREVIEW_LIMIT:
        return ids
    step = len(ids) / PREVIEW_LIMIT
    return [ids[int(place * step)] for place in range(PREVIEW_LIMIT)]
