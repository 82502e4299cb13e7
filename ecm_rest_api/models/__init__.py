from . import ecm_api_scope
from . import ecm_api_key
from . import ecm_api_call
from . import ecm_api_replay
from . import ecm_api
from . import fastapi_endpoint
