from . import rejects
