-- What the service learns of its evenings, as far as it may be kept.

-- Requests of a week by side, size band, level and the two hours in which they were asked: what ghost evenings are drawn from.
-- Purpose: forecasting tonight's calls. A week, because nightly cells would be finer than the policies need; kept 5 weeks.
-- A need stands only beside a cell that held 11 requests in 28 nights when it was counted; `protected` and zones never.
CREATE TABLE demand (
    territory text NOT NULL REFERENCES territory,
    week      date NOT NULL CHECK (extract(isodow FROM week) = 1),
    side      text NOT NULL CHECK (side IN ('men', 'women', 'mixed', 'minors')),
    size      text NOT NULL CHECK (size IN ('1', '2', '3-4', '5-6', '7+')),
    level     integer NOT NULL CHECK (level BETWEEN 1 AND 4),
    hours     integer NOT NULL CHECK (hours BETWEEN 0 AND 22 AND hours % 2 = 0),
    need      text CHECK (need IN ('step_free', 'animals', 'cots', 'private_room', 'women_only')),
    requests  integer NOT NULL CHECK (requests > 0),
    CONSTRAINT demand_cell UNIQUE NULLS NOT DISTINCT (territory, week, side, size, level, hours, need)
);

-- Rooms and dormitory beds that reports freed in a week, by kind, size, rule and two hours. Purpose: forecasting what may still
-- be declared tonight. Says nothing of persons; kept 5 weeks.
CREATE TABLE supply (
    territory text NOT NULL REFERENCES territory,
    week      date NOT NULL CHECK (extract(isodow FROM week) = 1),
    kind      text NOT NULL CHECK (kind IN ('room', 'dormitory')),
    capacity  integer NOT NULL CHECK (capacity BETWEEN 1 AND 2000),
    rule      text NOT NULL CHECK (rule IN ('men', 'women', 'mixed', 'switchable')),
    hours     integer NOT NULL CHECK (hours BETWEEN 0 AND 22 AND hours % 2 = 0),
    units     integer NOT NULL CHECK (units > 0),
    PRIMARY KEY (territory, week, kind, capacity, rule, hours)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON demand, supply TO siao_app;
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['demand', 'supply'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY here ON %I USING (territory = ANY ((SELECT territories_here())::text[])) '
                       'WITH CHECK (territory = ANY ((SELECT territories_here())::text[]))', name);
    END LOOP;
END $$;
