from . import ecm_crm_pop, ecm_crm_pop_line
