-- A copied database must take no files away from the original's folders, nor log in anywhere.
UPDATE ecm_import_source SET active = FALSE, password_secret = NULL;
