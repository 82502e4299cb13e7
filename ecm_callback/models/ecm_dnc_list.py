from odoo import models

# What a customer's own request lifts; what the law and the courts say, nobody does.
LIFTED_CLASSES = ("national", "corporate")


class EcmDncList(models.Model):
    _inherit = "ecm.dnc.list"

    def _get_lifted_by_request(self):
        """Lists that do not hold for whoever asks to be called back (requirement N2).

        Customers' wishes hold: who said no says yes by being taken off the list.
        """
        return self.filtered(
            lambda each: each.dnc_class in LIFTED_CLASSES and not each.keeps_wishes
        )
