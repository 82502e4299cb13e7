from . import ecm_guide, ir_actions_act_window
