from . import ecm_health, ecm_health_line
