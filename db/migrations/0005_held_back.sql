-- A free place that is held back for those who are likely to call: until when, and for which level.

ALTER TABLE unit
    ADD COLUMN kept_until timestamptz,
    ADD COLUMN kept_level integer CHECK (kept_level BETWEEN 1 AND 4),
    ADD CONSTRAINT unit_held_back CHECK ((kept_until IS NULL) = (kept_level IS NULL));
