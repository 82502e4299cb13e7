from . import (
    ecm_gate,
    ecm_gate_list,
    ecm_gate_expiry,
    ecm_gate_consent,
    ecm_gate_selection,
    ecm_gate_dnc,
    ecm_gate_number,
    ecm_gate_hours,
    ecm_gate_limits,
    ecm_gate_shared,
)
