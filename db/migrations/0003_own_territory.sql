-- A right, a request and a wish name shelters and services of their own territory alone; services and communes are out of
-- sight elsewhere, as every row of a territory.

ALTER TABLE service ADD CONSTRAINT service_here UNIQUE (id, territory);
ALTER TABLE shelter ADD CONSTRAINT shelter_here UNIQUE (id, territory);

ALTER TABLE request DROP CONSTRAINT request_service_fkey,
    ADD CONSTRAINT request_service_fkey FOREIGN KEY (service, territory) REFERENCES service (id, territory);
ALTER TABLE criteria DROP CONSTRAINT criteria_last_shelter_fkey,
    ADD CONSTRAINT criteria_last_shelter_fkey FOREIGN KEY (last_shelter, territory) REFERENCES shelter (id, territory);
ALTER TABLE account_right DROP CONSTRAINT account_right_shelter_fkey, DROP CONSTRAINT account_right_service_fkey,
    ADD CONSTRAINT account_right_shelter_fkey FOREIGN KEY (shelter, territory) REFERENCES shelter (id, territory),
    ADD CONSTRAINT account_right_service_fkey FOREIGN KEY (service, territory) REFERENCES service (id, territory);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['commune', 'service'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY here ON %I USING (territory = ANY ((SELECT territories_here())::text[])) '
                       'WITH CHECK (territory = ANY ((SELECT territories_here())::text[]))', name);
    END LOOP;
END $$;

-- It runs with its owner's rights: no temporary table of the caller's may stand before the catalogue's.
ALTER FUNCTION epoch() SET search_path = pg_catalog, pg_temp;
