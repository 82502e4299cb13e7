from odoo.addons.ecm_dialer_cisco.clients import base

CALLED = {}  # numbers by the key of the contact, instead of a telephone system


class EchoClient(base.DialerClient):
    def __init__(self, config, connect=None, error_text=str):
        self.config = config

    def campaigns(self):
        return [base.DialerCampaign("1", "Echo", "agent", "preview", True, "", "", "UTC", 0)]

    def set_enabled(self, campaign_key, enabled):
        pass

    def push(self, campaign_key, campaign_name, contacts):
        CALLED.update({contact.key: contact.number for contact in contacts})
        return base.PushReceipt(frozenset(contact.key for contact in contacts), frozenset())

    def find(self, campaign_key, keys, sent_at=None):
        return set(keys) & CALLED.keys()

    def results(self, watermark):
        return self.results_for(CALLED), watermark

    def results_for(self, keys):
        return [self._make_result(key) for key in self.find("1", keys)]

    def _make_result(self, key):
        return base.CallResult(key, "1", key, True, "Echo", "done", "busy", CALLED[key])

    def purge(self, campaign_key):
        CALLED.clear()

    def undialled(self, keys):
        return set()

    def contacts(self, campaign_key, status=""):
        return []

    def health(self):
        return base.Health(True, "Echo answers.")
