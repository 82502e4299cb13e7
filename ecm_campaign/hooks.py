def post_init_hook(env):
    """Give this database its own attempt-key prefix and tune the hot tables."""
    env["ecm.attempt"]._reset_key_prefix()
