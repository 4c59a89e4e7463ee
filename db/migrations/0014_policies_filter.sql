-- The policy looks at the rows that a statement found, and finds none itself: in a collation of its own no index answers to it. Where it
-- could be looked up, what was asked for by id was looked for among all placements, requests and entries of its territory.
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_policies WHERE schemaname = 'public' AND policyname = 'here' ORDER BY tablename LOOP
        EXECUTE format('ALTER POLICY here ON %I USING (territory COLLATE "C" = ANY ((SELECT territories_here())::text[])) '
                       'WITH CHECK (territory COLLATE "C" = ANY ((SELECT territories_here())::text[]))', name);
    END LOOP;
END $$;
