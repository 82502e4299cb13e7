from . import ecm_api_key_create
from . import ecm_api_settings
