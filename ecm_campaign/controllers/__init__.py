from . import rejects, upload
