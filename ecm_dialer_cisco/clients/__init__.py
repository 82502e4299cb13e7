"""Clients of Cisco dialers: plain Python, no Odoo import, frozen dataclasses in and out."""
