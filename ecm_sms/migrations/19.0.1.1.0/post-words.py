"""Words of replies have a language now, and who replies counts as reached: what was shipped before is
not written again by an update.
"""

# External ids of the shipped words behind ``ecm_sms_keyword_``; the others are English.
WORDS = {
    "ar": ("stop_18", "stop_19", "start_6", "help_6"),
    "de": ("stop_7", "stop_8", "start_3", "help_3"),
    "es": ("stop_11", "stop_12", "stop_13", "start_5", "help_5"),
    "fr": ("stop_9", "stop_10", "start_4", "help_4"),
    "it": ("stop_15",),
    "pt": ("stop_14",),
    "tr": ("stop_16", "stop_17"),
    "ur": ("stop_20",),
}
OF_LANGUAGE = """
    UPDATE ecm_sms_keyword k SET lang = %s
      FROM ir_model_data d
     WHERE d.module = 'ecm_sms' AND d.model = 'ecm.sms.keyword' AND d.res_id = k.id
       AND d.name = ANY(%s) AND k.lang = 'en'
"""
REACHED = """
    UPDATE ecm_outcome SET is_live_voice = TRUE WHERE code IN ('sms_replied', 'sms_stop')
"""


def migrate(cr, version):
    """May run more than once."""
    for lang, names in WORDS.items():
        cr.execute(OF_LANGUAGE, (lang, [f"ecm_sms_keyword_{name}" for name in names]))
    cr.execute(REACHED)
