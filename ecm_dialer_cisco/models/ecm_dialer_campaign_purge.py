from odoo import models

from ..clients.base import CALLBACKS, CALLED_AGAIN, MANY, OTHERS
from ..clients.exceptions import Busy, NotFound
from odoo.addons.ecm_campaign.tools.crash_points import reach

PURGE_BATCH = 500


class EcmDialerCampaignPurge(models.AbstractModel):
    """What of a Cisco campaign the dialer is through with, and whether it may be deleted there."""

    _name = "ecm.dialer.campaign.purge.mixin"
    _description = "Finished Contacts of a Cisco Campaign"

    def _purge_finished(self, turn):
        """Delete contacts that the dialer is through with and whose result is here.

        :param turn: ``tools.turn.Turn`` that it is done in
        :return: how many were deleted, and why the others were not, as a sentence or False
        :raise clients.exceptions.DialerError: the dialer cannot be asked
        :raise exceptions.ChannelError: what is in doubt cannot be settled
        """
        # What is in doubt may be at the dialer: it is settled first.
        self.env["ecm.engine"]._reconcile(self)
        client = self.dialer_id._get_client()
        try:
            if client.deletes_finished:
                return self._delete_finished(client, turn), False
            return self._clear_finished(client)
        except NotFound:
            # The campaign is gone, and its contacts with it.
            return 0, False
        except Busy as error:
            return 0, str(error)

    # -- one by one -------------------------------------------------------------------------------

    def _delete_finished(self, client, turn):
        key = self.key
        self._commit()
        reach("finished.asking")
        found = client.finished(key)
        reach("finished.found")
        settled = self._filter_settled(found)
        deleted = 0
        for start in range(0, len(settled), PURGE_BATCH):
            if start and not turn.goes_on():
                break
            self._commit()
            deleted += client.delete_finished(key, settled[start : start + PURGE_BATCH])
            reach("finished.deleted")
        return deleted

    def _filter_settled(self, found):
        """Those of whom nobody here waits for anything: their result is here, or they came back
        before they were ever called.
        """
        done, known = self._get_settled_keys({contact.key for contact in found})
        settled = []
        for contact in found:
            # An attempt that never took place is gone; one that is there may still be told so.
            is_back = contact.undialled and contact.key not in known
            if is_back or (contact.key in done and not contact.undialled):
                settled.append(contact)
        return settled

    def _get_settled_keys(self, keys):
        """:return: those of the keys whose attempt has its result, and those that have an attempt"""
        attempts = self.env["ecm.attempt"].sudo()
        states = dict.fromkeys(keys, None)
        wanted = sorted(keys)
        for start in range(0, len(wanted), 10 * PURGE_BATCH):
            part = [("key", "in", wanted[start : start + 10 * PURGE_BATCH])]
            for row in attempts.search_fetch(part, ["key", "state"]):
                states[row.key] = row.state
        known = {key for key, state in states.items() if state}
        return {key for key in known if states[key] == "done"}, known

    # -- all at once ------------------------------------------------------------------------------

    def _clear_finished(self, client):
        """Where the dialer can only delete all contacts of a campaign: what waits comes back first,
        and is sent again with the next feed.
        """
        if not self.dialer_id.sudo()._can_see_finished():
            return 0, self._get_purge_words()["untold"]
        unanswered = set(self.env["ecm.attempt"]._get_unanswered(self))
        key = self.key
        self._commit()
        reach("finished.held")
        holding = client.holding(key)
        if not holding.finished:
            return 0, False
        obstacle = self._find_obstacle(holding, unanswered)
        if obstacle:
            return 0, self._get_purge_words()[obstacle]
        self._commit()
        reach("finished.clearing")
        if self.dialer_id._can_give_back():
            count = self._take_waiting_back()
            self._atomically(lambda: self._note_returned(count))
        else:
            client.clear(key)
        reach("finished.cleared")
        return len(holding.finished), False

    def _find_obstacle(self, holding, unanswered):
        """Why not all may be deleted; a key of ``_get_purge_words``, or empty."""
        if holding.obstacle:
            return holding.obstacle
        done, _known = self._get_settled_keys(holding.finished)
        # Some results are waited for: what the agent makes of a call may come later.
        if holding.finished - done:
            return "results"
        # Who is unanswered and does not wait is being called: it may end in a callback.
        if unanswered - holding.waiting:
            return "calls"
        if holding.waiting and not self.dialer_id._can_give_back():
            return "waiting"
        return ""

    def _get_purge_words(self):
        env = self.env
        return {
            OTHERS: env._("contacts of another system are there, which would be deleted too"),
            CALLBACKS: env._("callbacks are promised there, which would be lost"),
            CALLED_AGAIN: env._("some are being called, or will be called again by the dialer"),
            MANY: env._("more contacts wait there than the dialer lists"),
            "results": env._("some results are still to be read"),
            "calls": env._("some are being called, or are on their way there"),
            "waiting": env._("contacts wait there, and the dialer gives nothing back"),
            "untold": env._("without its results database the dialer does not say who is finished"),
        }
