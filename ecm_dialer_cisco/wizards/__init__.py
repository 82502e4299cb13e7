from . import ecm_region_effect
