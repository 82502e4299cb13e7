from . import ecm_fake_target
