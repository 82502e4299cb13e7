import csv
import io
from dataclasses import asdict

from odoo import api, models
from odoo.exceptions import UserError

from ...const import LINKS
from ...tools import cells
from ...tools.cells import FULL_NAME
from odoo.addons.ecm_campaign.const import BUSINESS_PARAMETERS
from odoo.addons.ecm_campaign.tools import contact_file

# Records that are read at once: one statement for each model that their fields lead to.
READ_BATCH = 2000
# What is taken of a record unless somebody chooses: ``(what it becomes, field)``. Of several fields
# with the same aim the first that is not empty counts.
DEFAULT_FIELDS = {
    "crm.lead": (
        ("phone_1", "phone"),
        ("phone_1", "partner_id.phone"),
        ("phone_2", "partner_id.phone"),
        (FULL_NAME, "contact_name"),
        (FULL_NAME, "partner_id.name"),
        ("account_number", "partner_id.ref"),
        ("email", "email_from"),
        ("tz", "partner_id.tz"),
        ("region", "state_id.name"),
        ("zip", "zip"),
        ("country", "country_id.code"),
        ("country", "partner_id.country_id.code"),
        ("priority", "priority"),
        ("business_parameter_1", "name"),
        ("business_parameter_2", "partner_name"),
        ("business_parameter_3", "stage_id"),
        ("business_parameter_4", "user_id"),
        ("business_parameter_5", "expected_revenue"),
        ("business_parameter_6", "city"),
    ),
    "res.partner": (
        ("phone_1", "phone"),
        ("phone_1", "parent_id.phone"),
        ("phone_2", "parent_id.phone"),
        (FULL_NAME, "name"),
        ("account_number", "ref"),
        ("email", "email"),
        ("tz", "tz"),
        ("region", "state_id.name"),
        ("zip", "zip"),
        ("country", "country_id.code"),
        ("business_parameter_1", "commercial_company_name"),
        ("business_parameter_2", "function"),
        ("business_parameter_3", "city"),
        ("business_parameter_4", "user_id"),
        ("business_parameter_5", "category_id"),
    ),
    # Of Odoo's SMS marketing, where that is installed.
    "mailing.contact": (
        ("phone_1", "mobile"),
        (FULL_NAME, "name"),
        ("email", "email"),
        ("country", "country_id.code"),
        ("business_parameter_1", "company_name"),
        ("business_parameter_2", "list_ids"),
    ),
}


class EcmCrmLaunchReader(models.AbstractModel):
    """CRM records as the rows of a contact file, which is imported like any other: numbers checked,
    do-not-contact lists asked, known numbers left out (requirements R1, L6, L9, N2).

    The last two cells of each row are the customer and the lead that the contact is about.
    """

    _name = "ecm.crm.launch.reader"
    _description = "CRM Records as Contacts"

    @api.model
    def _get_default_fields(self, model):
        """:return: list of ``(what it becomes, field)`` for the records of a model"""
        records = self.env[model]
        chosen = DEFAULT_FIELDS.get(model) or (("phone_1", "phone"), (FULL_NAME, "name"))
        return [
            (target, path) for target, path in chosen if path.partition(".")[0] in records._fields
        ]

    # -- rows -------------------------------------------------------------------------------------

    def _get_paths(self):
        """:return: ``{what it becomes: list of paths, in the order that they are tried}``"""
        paths = {}
        for line in self.line_ids.sorted("sequence"):
            if line.target and line.field_name:
                paths.setdefault(line.target, []).append(line._get_path())
        return paths

    def _get_layout(self):
        """:rtype: tools.cells.Layout"""
        return cells.Layout(tuple(self._get_paths()))

    def _read_rows(self, ids, forgets=False):
        """The rows of these records, as far as the user of the launch may read them.

        :param bool forgets: whether what was read leaves the cache: a hundred thousand records
            would fill the memory, but a form that is open needs its own
        :return: iterator of lists of texts: the columns of the layout, then customer and lead
        """
        # Whoever launches hands on what they may read, also where a job does it for them.
        records = self._as_launcher(self.env[self.model])
        paths, layout = list(self._get_paths().values()), self._get_layout()
        for start in range(0, len(ids), READ_BATCH):
            batch = records.browse(ids[start : start + READ_BATCH])
            yield from self._read_batch(batch._filtered_access("read"), paths, layout)
            if forgets:
                records.env.invalidate_all()

    def _read_batch(self, records, paths, layout):
        columns = []
        for alternatives in paths:
            texts = [self._read_column(records, path) for path in alternatives]
            columns.append(list(map(cells.pick_first, zip(*texts, strict=True))))
        links = self._read_links(records)
        for values, link in zip(zip(*columns, strict=True), links, strict=True):
            yield [*layout.tidy(values), *link]

    def _read_column(self, records, path):
        """The value of one field of each record, as text."""
        name, *rest = path
        field = records._fields[name]
        if field.relational:
            return self._read_related(records, name, rest or ["display_name"])
        if field.type == "selection" and name != "priority":
            labels = dict(field._description_selection(records.env))
            return [cells.make_text(labels.get(record[name])) for record in records]
        return [cells.make_text(record[name]) for record in records]

    def _read_related(self, records, name, path):
        """The same of records that they lead to, as far as these may be read."""
        readable = records[name]._filtered_access("read")
        values = self._read_column(readable, path)
        texts = dict(zip(readable.ids, values, strict=True))
        return [", ".join(filter(None, map(texts.get, record[name].ids))) for record in records]

    def _read_links(self, records):
        """``[customer id, lead id]`` of each record, as texts."""
        link = LINKS.get(self.model)
        if link == "lead_id":
            return [[str(lead.partner_id.id or ""), str(lead.id)] for lead in records]
        if link == "partner_id":
            return [[str(partner.id), ""] for partner in records]
        return [["", ""] for _record in records]

    # -- file -------------------------------------------------------------------------------------

    def _write_file(self, ids, file):
        """Write records as a file.

        :param file: an empty one that is open for writing bytes
        :return: how the import reads it, as ``ecm.contact.list.options`` keeps it
        """
        layout = self._get_layout()
        header = self._get_header(layout)
        output = io.TextIOWrapper(file, "utf-8", newline="")
        writer = csv.writer(output)
        writer.writerow(header)
        for row in self._read_rows(ids, forgets=True):
            writer.writerow(row)
        # The file stays open when the wrapper goes.
        output.detach()
        return self._get_options(layout, header)

    def _get_header(self, layout):
        """What the columns are called where somebody sees them: business parameters as in CRM."""
        labels = dict(self.env["ecm.contact.list"]._get_targets())
        paths = self._get_paths()
        header = []
        for target in layout.columns:
            is_parameter = target in BUSINESS_PARAMETERS
            label = self._get_field_label(paths[target][0]) if is_parameter else labels[target]
            header.append(label)
        return [*header, self.env._("Customer"), self.env._("Lead")]

    def _get_field_label(self, path):
        """What CRM calls the last field of a path."""
        model = self.env[self.model]
        for name in path[:-1]:
            model = model[name]
        return model._fields[path[-1]]._description_string(self.env)

    def _get_options(self, layout, header):
        columns = dict(enumerate(layout.columns))
        if "phone_1" not in columns.values():
            raise UserError(self.env._("Choose the field that holds phone 1."))
        dialect = contact_file.Dialect(
            encoding="utf-8", has_header=True, header=tuple(header), columns=len(header)
        )
        return {
            "dialect": asdict(dialect),
            "columns": columns,
            "country": self.company_id.country_id.code or None,
        }
