-- A role that reads the views of ecm_bi, and nothing else. Run it once in Odoo's database as a superuser:
--     psql -U postgres -d campaigns -f grants.sql
CREATE ROLE ecm_bi_reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT;
GRANT USAGE ON SCHEMA ecm_bi TO ecm_bi_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA ecm_bi TO ecm_bi_reader;
ALTER ROLE ecm_bi_reader SET default_transaction_read_only = on;
ALTER ROLE ecm_bi_reader SET statement_timeout = '5min';

-- Odoo lets every role of the server make tables in its database: from now on only its own user may. And an
-- update of the module makes the views anew, as that user.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
DO $$
DECLARE
    owner regrole := (SELECT nspowner FROM pg_namespace WHERE nspname = 'ecm_bi');
BEGIN
    EXECUTE format('GRANT CREATE ON SCHEMA public TO %s', owner);
    EXECUTE format(
        'ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA ecm_bi GRANT SELECT ON TABLES TO ecm_bi_reader',
        owner);
END
$$;
