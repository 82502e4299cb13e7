-- A copied database must never dial: it loses its dialers' switch, passwords and
-- import folder.
UPDATE ecm_dialer SET is_enabled = FALSE, password_secret = NULL, results_password_secret = NULL,
       cce_api_password_secret = NULL, cce_import_folder_secret = NULL;
