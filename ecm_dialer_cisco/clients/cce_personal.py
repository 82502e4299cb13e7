"""Agents' own callbacks over CCE's REST interface (reference §3.3): one request makes one, and says
whether CCE takes it.
"""

from __future__ import annotations

from datetime import datetime

from lxml import etree

from .base import PushContact

CONFIG = "/unifiedconfig/config"
PATH = f"{CONFIG}/personalcallback"


def build_callback(campaign_key: str, agent_id: int, contact: PushContact, at: datetime) -> bytes:
    """The body of a request that makes a callback, for one try: the strategy decides on more.

    :param agent_id: SkillTargetID
    :param at: on the Logger's clock, naive
    """
    root = etree.Element("personalCallback")
    for name, resource in (("campaign", campaign_key), ("agent", agent_id)):
        reference = etree.SubElement(etree.SubElement(root, name), "refURL")
        reference.text = f"{CONFIG}/{name}/{resource}"
    values = {
        "phone": contact.number,
        "accountNumber": contact.key,
        "maxAttempts": "1",
        "callbackDateTime": f"{at:%Y-%m-%dT%H:%M:%S}",
        "lastName": contact.last_name,
        "firstName": contact.first_name,
    }
    for name, value in values.items():
        etree.SubElement(root, name).text = value
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))
