from . import ecm_change
