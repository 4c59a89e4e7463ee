-- Whoever looks whether the promises are kept, each minute, reads what shows it and nothing else: no need, no account, no login.

DO $$
BEGIN
    CREATE ROLE siao_verifier NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another database of this cluster has it
END $$;

GRANT SELECT ON territory, journal, anchor, placement_bed, unit, bed, tally, night TO siao_verifier;
GRANT SELECT (id, territory, request, state, until, expected_until, opened_seq, version) ON placement TO siao_verifier;
GRANT SELECT (id, territory, state, closing, call_back, version) ON request TO siao_verifier;
GRANT SELECT (request, territory) ON criteria TO siao_verifier;
GRANT SELECT (key, territory, at, answer, request) ON command TO siao_verifier;
