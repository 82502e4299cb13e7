"""Wire-faithful stand-ins for systems that cannot be had: no Odoo import, nothing of the product
depends on them.
"""
