from odoo import api, models
from odoo.tools import SQL

from ..tools.lookup import Row, clean, get_routes, get_status, label_parameters
from ..tools.moments import to_iso

COLUMNS = (
    "is_awaited",
    "contact_id",
    "number",
    "first_name",
    "last_name",
    "account_number",
    "email",
    "values",
    "kind",
    "agent",
    "campaign_id",
    "campaign",
    "definition",
    "prompts",
    "callback_id",
    "due_at",
    "tz",
    "note",
    "skill",
    "queue",
    "script",
)


class EcmCallbackLookup(models.AbstractModel):
    """What the dialer's script asks by account number (requirement B4), of every campaign's calls and
    not only of callbacks: one statement, by the attempt's unique key.
    """

    _name = "ecm.callback.lookup.mixin"
    _description = "Look-up of a Call"

    @api.model
    def api_look_up(self, account_number):
        """Who is called, and who takes the call.

        :param str account_number: as the dialer has it
        :return: ``{"status": known, finished or unknown, "routes": agent, skill, external in the
            order in which to try, "agent", "skill", "queue", "next_script", "customer",
            "business_parameters", "campaign", "prompts", "callback"}``; of a number that is not ours,
            or not the caller's to see, the same without any content
        """
        self.env["ecm.contact"].check_access("read")
        found = self._find_call(clean(account_number))
        row = found and Row(
            found["is_awaited"],
            found["kind"],
            found["agent"],
            found["queue"],
            found["script"],
        )
        answer = {"status": get_status(row), "routes": get_routes(row)}
        return {**answer, **self._describe_call(found or {})}

    @api.model
    def _get_guidance(self, account_number, agent):
        """The script of a call, for whoever may see its contact.

        :param str agent: whose desktop asks; empty where nobody knows
        :return: see ``ecm.attempt._get_guidance_path``
        """
        domain = [("key", "=", clean(account_number)), ("company_id", "in", self.env.companies.ids)]
        attempt = self.env["ecm.attempt"].search(domain, limit=1)
        return attempt.sudo()._get_guidance_path(agent) if attempt else None

    def _find_call(self, key):
        """:return: values by `COLUMNS`, None for no call of the caller's companies"""
        if not key:
            return None
        self.env.flush_all()
        # Whoever may not see the contact learns nothing of it: its record rules are part of the
        # statement, since reading the contact for them takes longer than all the rest.
        seen = self.env["ecm.contact"].with_context(active_test=False)._search([])
        self.env.cr.execute(
            SQL(
                """SELECT a.state IN ('claimed', 'sent') AND c.current_attempt_id = a.id,
                          c.id, a.number, c.first_name, c.last_name, c.account_number, c.email,
                          c.business_parameters, COALESCE(c.callback, b.kind),
                          COALESCE(c.callback_agent, b.agent), m.id, m.name,
                          m.parameters_definition,
                          (SELECT json_object_agg(p.key, p.prompt) FROM ecm_campaign_prompt p
                            WHERE p.campaign_id = m.id),
                          b.id, b.due_at, b.tz, b.note, s.name, COALESCE(s.queue, s.name),
                          s.next_script
                     FROM ecm_attempt a
                     JOIN ecm_contact c ON c.id = a.contact_id
                     JOIN ecm_campaign m ON m.id = a.campaign_id
                LEFT JOIN LATERAL (SELECT * FROM ecm_callback b WHERE b.contact_id = c.id
                                 ORDER BY b.id DESC LIMIT 1) AS b ON TRUE
                LEFT JOIN ecm_callback_skill s ON s.id = COALESCE(b.skill_id, m.callback_skill_id)
                    WHERE a.key = %(key)s AND a.company_id = ANY(%(companies)s)
                      AND EXISTS (SELECT FROM %(contacts)s WHERE ecm_contact.id = c.id
                                     AND (%(rules)s))""",
                key=key,
                companies=self.env.companies.ids,
                contacts=seen.from_clause,
                rules=seen.where_clause or SQL("TRUE"),
            )
        )
        row = self.env.cr.fetchone()
        return dict(zip(COLUMNS, row, strict=True)) if row else None

    def _describe_call(self, found):
        """:param found: of `_find_call`, empty for none"""
        due_at = found.get("due_at")
        callback = {
            "id": found.get("callback_id"),
            "due_at": due_at and to_iso(due_at, found.get("tz") or "UTC"),
            "kind": found.get("kind"),
            "note": found.get("note"),
        }
        names = ("number", "first_name", "last_name", "account_number", "email")
        campaign = {"id": found.get("campaign_id"), "name": found.get("campaign")}
        return {
            "agent": found.get("agent") if found.get("kind") == "personal" else None,
            "skill": found.get("skill"),
            "queue": found.get("queue"),
            "next_script": found.get("script"),
            "contact_id": found.get("contact_id"),
            "customer": {name: found.get(name) for name in names},
            "business_parameters": label_parameters(found.get("values"), found.get("definition")),
            "campaign": campaign if found else None,
            "prompts": found.get("prompts") or {},
            "callback": callback if found.get("callback_id") else None,
        }
