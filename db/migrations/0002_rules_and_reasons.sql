-- Rules of allocation by version, and what remains of a placement's explanation.

-- The rules of allocation of a territory, one row a version, effective from a night on; version 1 is what the software comes
-- with and is not here. Never changed, never deleted: whoever is told why must find the rules that were applied.
CREATE TABLE rules (
    version             integer NOT NULL CHECK (version > 1),
    effective           date NOT NULL,
    "order"             text[] NOT NULL CHECK ("order" <@ ARRAY['l1', 'l2', 'l3', 'l4', 'waste', 'continuity', 'waiting', 'distance']
                                               AND cardinality("order") = 8),
    floors              integer[] NOT NULL CHECK (cardinality(floors) = 4 AND 0 <= ALL (floors)),
    promote_after_hours integer CHECK (promote_after_hours BETWEEN 1 AND 720),
    counted             text NOT NULL CHECK (counted IN ('persons', 'households')),
    step_free_waste     integer NOT NULL CHECK (step_free_waste BETWEEN 0 AND 20),
    protected_waste     integer NOT NULL CHECK (protected_waste BETWEEN 0 AND 20),
    territory           text NOT NULL REFERENCES territory,
    PRIMARY KEY (territory, version)
);

-- Which version decides follows from the night, not from a number beside it.
ALTER TABLE territory DROP COLUMN rules_version;

ALTER TABLE placement
    ADD COLUMN rules_version integer,
    ADD COLUMN engine text CHECK (engine IN ('rank', 'plan', 'prices', 'vote')),
    ADD COLUMN decided text CHECK (decided IN ('only', 'waste', 'continuity', 'distance', 'equal', 'last')),
    ADD COLUMN compatible integer CHECK (compatible >= 0);

GRANT SELECT, INSERT ON rules TO siao_app;
GRANT SELECT ON rules TO siao_reader;
ALTER TABLE rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE rules FORCE ROW LEVEL SECURITY;
CREATE POLICY here ON rules USING (territory = ANY ((SELECT territories_here())::text[]))
    WITH CHECK (territory = ANY ((SELECT territories_here())::text[]));
