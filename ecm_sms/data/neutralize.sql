-- A copied database must never send messages: it loses its gateways' switch and passwords.
UPDATE ecm_sms_gateway SET is_enabled = FALSE, password_secret = NULL;
