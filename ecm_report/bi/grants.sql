-- A role that reads the views of ecm_bi, and nothing else. Run it once in Odoo's database as a superuser:
--     psql -U postgres -d campaigns -f grants.sql
CREATE ROLE ecm_bi_reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT;
GRANT USAGE ON SCHEMA ecm_bi TO ecm_bi_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA ecm_bi TO ecm_bi_reader;
ALTER ROLE ecm_bi_reader SET default_transaction_read_only = on;
ALTER ROLE ecm_bi_reader SET statement_timeout = '5min';

-- An update of the module makes the views anew, as Odoo's own database user.
DO $$
BEGIN
    EXECUTE format(
        'ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA ecm_bi GRANT SELECT ON TABLES TO ecm_bi_reader',
        (SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'ecm_bi'));
END
$$;
