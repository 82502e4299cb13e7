-- A copied database must tell no other system anything.
UPDATE ecm_webhook SET active = FALSE;
