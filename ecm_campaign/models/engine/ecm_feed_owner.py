from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError

from ...formatting import say_moment

# Turns begin every minute, and may last where the other side is slow: after so long without one,
# they are not run at all.
TURN_LATE = timedelta(minutes=15)


class EcmFeedOwner(models.AbstractModel):
    """What has turns of its own: a dialer with all its campaigns, a gateway, a letter office.

    Odoo locks the row of a scheduled action while it runs. Each owner has one, created with it and
    removed with it: turns of one owner never overlap, and those of different owners run side by
    side, on as many servers and workers as there are (docs/decisions/an-action-for-each-dialer.md).
    One that hangs takes one worker, and delays nobody else.

    What is fed by itself inherits this beside ``ecm.feed.target``. Where one thing owns several
    targets, it alone inherits this, and the targets answer it in ``_get_owner``.
    """

    _name = "ecm.feed.owner"
    _description = "Owner of Feed Targets"
    _inherit = ["ecm.circuit.mixin"]

    # Fields that the scheduled action follows.
    _action_fields = ("name", "active")
    # The module that makes a model of another one an owner, with which its scheduled actions go.
    _owner_module = None

    cron_id = fields.Many2one(
        "ir.cron", "Scheduled action", readonly=True, copy=False, groups="base.group_system"
    )
    # Nothing can be late since earlier. Empty: since it is there.
    turns_since = fields.Datetime("Takes turns since", readonly=True, copy=False)

    @api.model_create_multi
    def create(self, vals_list):
        owners = super().create(vals_list)
        owners._keep_actions()
        return owners

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint(self._action_fields):
            self._keep_actions()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_at_work(self):
        try:
            self.sudo().cron_id.lock_for_update()
        except LockError as error:
            raise UserError(
                self.env._(
                    "%s is being worked with at this moment. Switch it off, and delete it in a "
                    "minute.",
                    ", ".join(self.mapped("display_name")),
                )
            ) from error

    def unlink(self):
        actions = self.sudo().cron_id
        result = super().unlink()
        actions.unlink()
        return result

    # -- what an owner answers --------------------------------------------------------------------

    def _is_on(self):
        """Whether it takes turns at all."""
        return not self._active_name or self[self._active_name]

    def _get_targets(self):
        """The records of ``ecm.feed.target`` that are fed in its turns."""
        return self

    def _work(self):
        """What a turn does. A channel that is asked for results reads them first, since they make
        room.
        """
        self.env["ecm.engine"]._feed_owner(self)

    # -- circuit breaker --------------------------------------------------------------------------

    def _note_trouble(self, part, error, now):
        following = super()._note_trouble(part, error, now)
        # Its targets wait as long as it does: the first one that is fed then is the try.
        if part == "sending" and self._is_left_alone(part, now):
            failing = self._get_targets().filtered("paused_until")
            failing.write({"paused_until": following.until})
        return following

    def _end_pauses(self):
        super()._end_pauses()
        self._get_targets().filtered("paused_until").write({"paused_until": False})

    # -- turns ------------------------------------------------------------------------------------

    def _take_turn(self):
        """One run of the scheduled action (requirement F1). In a copy of the database nothing is
        sent and nothing is read.
        """
        owner = self.exists()
        if owner and owner._is_on() and self.env["ecm.database.identity"]._may_call():
            owner._work()

    def _trigger_turn(self):
        """Have the next turn begin soon, rather than at its minute."""
        for owner in self.sudo():
            if owner.cron_id.active:
                owner.cron_id._trigger()

    def _get_turn_problem(self, now):
        """Why its turns do not come, as a sentence, or False.

        :param now: naive UTC
        """
        action = self.sudo().cron_id
        name = self.sudo().display_name
        if not action.active:
            return self.env._(
                "The scheduled action of %s is switched off. An administrator can switch it on "
                "under Settings, Technical, Scheduled Actions.",
                name,
            )
        # Switched on and yet late: no scheduled action runs, or too few at a time.
        if action.nextcall < now - TURN_LATE:
            return self.env._(
                "The scheduled action of %(name)s should have run on %(date)s. Ask an "
                "administrator whether Odoo runs scheduled actions, and enough at a time.",
                name=name,
                date=say_moment(self.env, action.nextcall),
            )
        return False

    # -- scheduled actions ------------------------------------------------------------------------

    def _keep_actions(self):
        """Have the scheduled actions be as their owners are. One that runs at this moment follows
        a minute later, with the upkeep of all.
        """
        may_call = not self.env["ecm.database.identity"]._get_stop_reason()
        # In the language of all other scheduled actions, whoever changes an owner.
        for owner in self.sudo().with_context(lang=None):
            name = f"Campaigns: Feeder of {owner.display_name}"
            values = {"name": name, "active": may_call and owner._is_on()}
            if owner.cron_id:
                owner._follow(values)
            else:
                owner._create_action(values)

    def _follow(self, values):
        action = self.cron_id
        changed = {name: value for name, value in values.items() if action[name] != value}
        if not changed:
            return
        try:
            action.lock_for_update(allow_referencing=True)
        except LockError:
            return
        if changed.get("active"):
            # Odoo leaves the time of its next run where it was when it was switched off.
            changed["nextcall"] = self.turns_since = fields.Datetime.now()
        action.write(changed)

    def _create_action(self, values):
        self.ensure_one()
        # No message that it was created: nobody would delete that with it.
        actions = self.env["ir.cron"].with_context(tracking_disable=True)
        self.cron_id = actions.create(
            {
                **values,
                "model_id": self.env["ir.model"]._get_id(self._name),
                "state": "code",
                "code": f"model.browse({self.id})._take_turn()",
                "user_id": self.env.ref("base.user_root").id,
                "interval_number": 1,
                "interval_type": "minutes",
                "priority": 3,
            }
        )
        # It goes with the module that brought its owner.
        self.env["ir.model.data"].create(
            {
                "module": self._owner_module or self._original_module,
                "name": f"ir_cron_{self._table}_{self.id}",
                "model": "ir.cron",
                "res_id": self.cron_id.id,
                "noupdate": True,
            }
        )
