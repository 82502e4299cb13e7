-- A copied database must never dial: nothing runs, and its attempt keys are its own.
UPDATE ecm_campaign SET is_running = FALSE;
UPDATE ir_config_parameter SET value = substr(md5(random()::text), 1, 8) WHERE key = 'ecm_campaign.attempt_key_prefix';
