class SourceError(Exception):
    """Why a source cannot be read now, as a sentence for a supervisor."""
