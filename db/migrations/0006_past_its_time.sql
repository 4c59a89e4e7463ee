-- What is past its time goes: the purger unlinks stays from households, and leaves the last link of a purged month, signed.

GRANT SELECT ON territory TO siao_purger;
GRANT UPDATE (request) ON placement TO siao_purger;

CREATE TABLE anchor (
    territory text NOT NULL REFERENCES territory,
    seq       bigint NOT NULL,
    hash      bytea NOT NULL,
    at        timestamptz NOT NULL,
    mac       bytea NOT NULL,
    PRIMARY KEY (territory, seq)
);
GRANT SELECT, INSERT ON anchor TO siao_purger;
GRANT SELECT ON anchor TO siao_app, siao_auditor;
ALTER TABLE anchor ENABLE ROW LEVEL SECURITY;
ALTER TABLE anchor FORCE ROW LEVEL SECURITY;
CREATE POLICY here ON anchor USING (territory = ANY ((SELECT territories_here())::text[]))
    WITH CHECK (territory = ANY ((SELECT territories_here())::text[]));

-- A deleted need stays on the disk until it is vacuumed: within minutes, however few they are.
ALTER TABLE criteria SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1);
ALTER TABLE command SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
CREATE INDEX request_closed ON request (closed_at) WHERE closed_at IS NOT NULL;
