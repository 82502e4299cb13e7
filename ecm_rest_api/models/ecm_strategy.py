from odoo import api, fields, models
from odoo.exceptions import MissingError

from ..exceptions import WrongValue

# Of the strategy itself, as they are called in the field.
OWN = (
    "name",
    "kind",
    "description",
    "phone_fallback",
    "at_limit",
    "max_uncounted",
    "max_cycles",
    "cycle_days",
    "cycle_hours",
    "cycle_minutes",
    "cycle_limit",
    "callback_minutes",
)
# Of a rule; its outcome and the attempts that follow are named.
OF_RULE = (
    "action",
    "delay_days",
    "delay_hours",
    "delay_minutes",
    "max_retry",
    "then_close",
    "priority",
    "other_number",
    "retain_pcb",
    "suppresses",
)
TARGETS = {"attempt": "next_attempt_id", "then_attempt": "branch_attempt_id"}


class EcmStrategy(models.Model):
    _inherit = "ecm.strategy"

    # -- verbs of other systems (docs/api.md) ------------------------------------------------------

    @api.model
    def api_get(self, strategy_id):
        """A strategy with its attempts and the rules of each (requirements S1, R4).

        :return: as `api_create` takes it, with ``id``, ``is_locked`` and ``problems``
        :raise MissingError: there is none for this user
        """
        self.check_access("read")
        return self._api_find(strategy_id)._api_describe()

    @api.model
    def api_create(self, values):
        """Create a strategy with its attempts and rules in one transaction.

        :param dict values: ``name``, ``kind`` (*simple*, *advanced* or *callback*) and further fields
            of the strategy; ``max_attempts``, none for what follows from its attempts;
            ``attempts``, a list of dicts with ``channel``, ``phone`` (1 to 5) and ``rules``; and
            ``rules`` of a simple strategy. A rule has the code of its ``outcome``, an ``action``
            (*attempt*, *next*, *again* or *close*), the places of ``attempt`` and
            ``then_attempt``, delays and so on
        :return: see `api_get`
        :raise ValidationError: a value is missing, unknown or wrong
        """
        self.check_access("create")
        values = dict(values)
        attempts = values.pop("attempts", None) or []
        shared = values.pop("rules", None) or []
        created = self.create(self._api_prepare(values))
        steps = self.env["ecm.strategy.attempt"].create(
            [
                created._api_prepare_attempt(place, dict(attempt))
                for place, attempt in enumerate(attempts)
            ]
        )
        rules = [
            created._api_prepare_rule(f"rules.{n}", one, steps) for n, one in enumerate(shared)
        ]
        for place, attempt in enumerate(attempts):
            for number, rule in enumerate(attempt.get("rules") or []):
                field = f"attempts.{place}.rules.{number}"
                prepared = created._api_prepare_rule(field, rule, steps)
                rules.append({**prepared, "attempt_id": steps[place].id})
        self.env["ecm.strategy.rule"].create(rules)
        return created._api_describe()

    @api.model
    def api_list_outcomes(self):
        """Outcomes that rules are about.

        :return: list of ``{"code", "name", "counts_as_attempt"}``
        """
        self.check_access("read")
        return [
            {"code": one.code, "name": one.name, "counts_as_attempt": one.counts_as_attempt}
            for one in self.env["ecm.outcome"].search([])
        ]

    @api.model
    def _api_find(self, strategy_id):
        domain = [("id", "=", strategy_id)]
        found = self.search(domain) if type(strategy_id) is int else self.browse()
        if not found:
            raise MissingError(self.env._("There is no strategy %s for this key.", strategy_id))
        return found

    @api.model
    def _api_prepare(self, values):
        most = values.pop("max_attempts", None)
        self._api_refuse(values, OWN, "")
        given = {name: value for name, value in values.items() if value is not None}
        if not given.get("name"):
            raise WrongValue(self.env._("Give the strategy a name."), "name")
        if most:
            given.update(is_capped=True, max_attempts=most)
        return {**given, "company_id": self.env.company.id}

    def _api_prepare_attempt(self, place, attempt):
        field = f"attempts.{place}."
        self._api_refuse(attempt, ("channel", "phone", "rules"), field)
        phone = attempt.get("phone", 1)
        if phone not in range(1, 6):
            raise WrongValue(self.env._("A phone is 1 to 5."), f"{field}phone")
        channel = attempt.get("channel") or "voice"
        if channel not in dict(self.env["ecm.engine"]._get_channels()):
            text = self.env._("There is no channel %s here.", channel)
            raise WrongValue(text, f"{field}channel")
        return {
            "strategy_id": self.id,
            "sequence": place + 1,
            "channel": channel,
            "phone_index": str(phone),
        }

    def _api_prepare_rule(self, field, rule, steps):
        rule = dict(rule)
        self._api_refuse(rule, ("outcome", *TARGETS, *OF_RULE), f"{field}.")
        code = rule.pop("outcome", None)
        outcome = self.env["ecm.outcome"].search([("code", "=", code)])
        if not outcome:
            raise WrongValue(self.env._("There is no outcome %s.", code), f"{field}.outcome")
        values = {"strategy_id": self.id, "outcome_id": outcome.id}
        for name, target in TARGETS.items():
            place = rule.pop(name, None)
            if place is None:
                continue
            if type(place) is not int or not 1 <= place <= len(steps):
                raise WrongValue(self.env._("There is no attempt %s.", place), f"{field}.{name}")
            values[target] = steps[place - 1].id
        return {**values, **{name: value for name, value in rule.items() if value is not None}}

    @api.model
    def _api_refuse(self, values, known, field):
        """:raise WrongValue: there is more than what is known"""
        for name in values:
            if name not in known:
                raise WrongValue(self.env._("There is no setting %s.", name), f"{field}{name}")

    def _api_describe(self):
        self.ensure_one()
        attempts = self._get_ordered_attempts()
        places = {attempt.id: place for place, attempt in enumerate(attempts, start=1)}
        described = [
            {
                "channel": attempt.channel,
                "phone": int(attempt.phone_index),
                "rules": [rule._api_describe(places) for rule in attempt.rule_ids],
            }
            for attempt in attempts
        ]
        return {
            "id": self.id,
            **{name: _as_value(self, name) for name in OWN},
            "max_attempts": self.max_attempts if self.is_capped else None,
            "is_locked": self.is_locked,
            "problems": self._get_problem_texts(),
            "attempts": described,
            "rules": [rule._api_describe(places) for rule in self.simple_rule_ids],
        }


class EcmStrategyRule(models.Model):
    _inherit = "ecm.strategy.rule"

    def _api_describe(self, places):
        """:param dict places: ``{attempt id: place}``"""
        self.ensure_one()
        return {
            "outcome": self.outcome_id.code,
            **{name: places.get(self[target].id) for name, target in TARGETS.items()},
            **{name: _as_value(self, name) for name in OF_RULE},
        }


def _as_value(record, name):
    """None for an empty text."""
    value = record[name]
    is_text = isinstance(record._fields[name], fields.Char | fields.Text)
    return value or None if is_text else value
