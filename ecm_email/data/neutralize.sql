-- A copied database must never send e-mails of campaigns.
UPDATE ecm_email_sender SET is_enabled = FALSE;
