-- siao: the whole truth, to read. The road to it is db/migrations/; a test builds both and compares them.
--
-- Three promises are kept here whatever the code does:
--   placement_bed_one_live    no bed has two live claims
--   placement_bed_room_whole  no room is shared by two placements
--   placement_bed_rule        no dormitory changes its rule while somebody relies on it
-- No column holds a name, a story, a health fact or any free text about a person. What a household needs stands in
-- one table, criteria, one row per waiting request, deleted in the transaction that closes the request.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- ── Where ────────────────────────────────────────────────────────────────────────────────────────────────────────

-- seq and head are the number and the hash of the last journal entry: updated inside each writing transaction, so that
-- numbers have no gap and follow the order of commits. The row is also the lock: one writer at a time.
CREATE TABLE territory (
    code              text PRIMARY KEY CHECK (code ~ '^[0-9A-Z]{2,4}$'),
    name              text NOT NULL,
    time_zone         text NOT NULL,
    telephone         text NOT NULL,
    seq               bigint NOT NULL DEFAULT 0,
    head              bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    hold_seconds      integer NOT NULL DEFAULT 600 CHECK (hold_seconds BETWEEN 1 AND 7200),
    answer_seconds    integer NOT NULL DEFAULT 1200 CHECK (answer_seconds BETWEEN 1 AND 7200),
    travel_seconds    integer NOT NULL DEFAULT 1800 CHECK (travel_seconds BETWEEN 0 AND 14400),
    grace_seconds     integer NOT NULL DEFAULT 3600 CHECK (grace_seconds BETWEEN 0 AND 14400),
    call_back_seconds integer NOT NULL DEFAULT 900 CHECK (call_back_seconds BETWEEN 0 AND 7200),
    holds_max         integer NOT NULL DEFAULT 5 CHECK (holds_max BETWEEN 1 AND 50)
);

CREATE TABLE commune (
    territory text NOT NULL REFERENCES territory,
    name      text NOT NULL,
    zone      text NOT NULL,
    latitude  double precision NOT NULL,
    longitude double precision NOT NULL,
    PRIMARY KEY (territory, name)
);

-- Where a social worker sits.
CREATE TABLE service (
    id        uuid PRIMARY KEY,
    territory text NOT NULL REFERENCES territory,
    name      text NOT NULL,
    -- what a right or a request of the same territory refers to
    CONSTRAINT service_here UNIQUE (id, territory)
);

-- house_rules speak of the house, never of a person. The address of a confidential shelter leaves this table through one
-- recorded read alone (access_log).
CREATE TABLE shelter (
    id            uuid PRIMARY KEY,
    territory     text NOT NULL REFERENCES territory,
    name          text NOT NULL,
    scheme        text NOT NULL CHECK (scheme IN ('chu', 'chrs', 'hotel', 'night_shelter', 'night_stop', 'rhvs', 'lhss', 'winter', 'gymnasium')),
    commune       text NOT NULL,
    zone          text NOT NULL,
    latitude      double precision,
    longitude     double precision,
    address       text,
    telephone     text,
    house_rules   text,
    arrive_before time,
    confidential  boolean NOT NULL,
    by_phone      boolean NOT NULL,
    to_ring_since timestamptz,
    -- what a right or a wish of the same territory refers to
    CONSTRAINT shelter_here UNIQUE (id, territory)
);
CREATE INDEX shelter_territory ON shelter (territory);

CREATE TABLE plan (
    id        uuid PRIMARY KEY,
    territory text NOT NULL REFERENCES territory,
    name      text NOT NULL,
    level     integer NOT NULL CHECK (level BETWEEN 1 AND 9),
    open      boolean NOT NULL
);

CREATE TABLE unit (
    id               uuid PRIMARY KEY,
    territory        text NOT NULL REFERENCES territory,
    shelter          uuid NOT NULL REFERENCES shelter,
    name             text NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('room', 'dormitory')),
    nominal          integer NOT NULL CHECK (nominal BETWEEN 0 AND 2000),
    rule             text NOT NULL CHECK (rule IN ('men', 'women', 'mixed', 'switchable')),
    rule_tonight     text CHECK (rule_tonight IN ('men', 'women', 'mixed')),
    features         text[] NOT NULL CHECK (features <@ ARRAY['step_free', 'animals', 'protected', 'cots']),
    mode             text NOT NULL CHECK (mode IN ('on_acceptance', 'direct')),
    open             boolean NOT NULL,
    closed_reason    text CHECK (closed_reason IN ('works', 'pest_control', 'refurbishment', 'staff_shortage', 'under_occupation', 'safety', 'other')),
    plan             uuid REFERENCES plan,
    suite            uuid,
    nights_max       integer CHECK (nights_max BETWEEN 1 AND 400),
    version          integer NOT NULL,
    confirmed_at     timestamptz,
    confirmed_source text CHECK (confirmed_source IN ('screen', 'phone', 'import', 'partner')),
    -- held back for whoever of that level or above may call until then; of a place, never of a household
    kept_until       timestamptz,
    kept_level       integer CHECK (kept_level BETWEEN 1 AND 4),
    CHECK (kind = 'dormitory' OR rule <> 'switchable'),
    CHECK (rule = 'switchable' OR rule_tonight = rule),
    -- what a live dormitory claim refers to, so that the rule cannot change under it
    CONSTRAINT unit_rule_tonight UNIQUE (id, rule_tonight),
    CONSTRAINT unit_held_back CHECK ((kept_until IS NULL) = (kept_level IS NULL))
);
CREATE INDEX unit_shelter ON unit (shelter);
CREATE INDEX unit_plan ON unit (plan) WHERE plan IS NOT NULL;
CREATE INDEX unit_territory ON unit (territory);

-- physical is what staff see; what is promised on a bed is a placement_bed row, never a column here.
CREATE TABLE bed (
    id         uuid PRIMARY KEY,
    territory  text NOT NULL REFERENCES territory,
    unit       uuid NOT NULL REFERENCES unit,
    number     integer NOT NULL CHECK (number BETWEEN 1 AND 2000),
    physical   text NOT NULL CHECK (physical IN ('vacant', 'occupied', 'out')),
    out_reason text CHECK (out_reason IN ('works', 'pest_control', 'refurbishment', 'staff_shortage', 'under_occupation', 'safety', 'other')),
    to_check   boolean NOT NULL,
    version    integer NOT NULL,
    UNIQUE (unit, number),
    CHECK ((physical = 'out') = (out_reason IS NOT NULL))
);

-- ── Rules ────────────────────────────────────────────────────────────────────────────────────────────────────────

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
    -- whom each priority level is for, in this territory's words
    grid                text[] NOT NULL DEFAULT ARRAY['', '', '', ''] CONSTRAINT rules_grid CHECK (cardinality(grid) = 4),
    PRIMARY KEY (territory, version)
);

-- ── Requests ─────────────────────────────────────────────────────────────────────────────────────────────────────

-- The reference code is 40 random bits. first_asked and nights_unmet stay with it for 30 days after it closed.
CREATE TABLE request (
    id             uuid PRIMARY KEY,
    territory      text NOT NULL REFERENCES territory,
    code           text NOT NULL CHECK (code ~ '^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]$'),
    state          text NOT NULL CHECK (state IN ('open', 'placed', 'paused', 'met', 'unmet', 'withdrawn')),
    closing        text CHECK (closing IN ('met', 'no_place', 'no_suitable_place', 'refused_by_household', 'did_not_call_back', 'other_solution', 'withdrawn')),
    pause          text CHECK (pause IN ('no_show', 'did_not_call_back')),
    night          date NOT NULL,
    first_asked    timestamptz NOT NULL,
    asked_at       timestamptz NOT NULL,
    nights_unmet   integer NOT NULL CHECK (nights_unmet >= 0),
    call_back      timestamptz,
    service        uuid,
    party          uuid,
    first_in_level boolean NOT NULL,
    last_refusal   text CHECK (last_refusal IN ('bed_not_free', 'out_of_service', 'does_not_fit_unit', 'too_late', 'no_staff', 'other',
                                                'too_far', 'not_together', 'not_this_kind', 'animal', 'found_another', 'says_no_reason')),
    closed_at      timestamptz,
    version        integer NOT NULL,
    CONSTRAINT request_code UNIQUE (territory, code),
    CONSTRAINT request_service_fkey FOREIGN KEY (service, territory) REFERENCES service (id, territory),
    CHECK ((state IN ('met', 'unmet', 'withdrawn')) = (closing IS NOT NULL)),
    CHECK ((closing IS NULL) = (closed_at IS NULL)),
    CHECK ((state = 'paused') = (pause IS NOT NULL))
);
CREATE INDEX request_waiting ON request (territory) WHERE closing IS NULL;
CREATE INDEX request_service ON request (service, asked_at) WHERE service IS NOT NULL;
CREATE INDEX request_closed ON request (closed_at) WHERE closed_at IS NOT NULL;

-- The one list of what a household needs. One row per waiting request; none on a closed one.
CREATE TABLE criteria (
    request      uuid PRIMARY KEY REFERENCES request,
    territory    text NOT NULL REFERENCES territory,
    men          integer NOT NULL CHECK (men BETWEEN 0 AND 20),
    women        integer NOT NULL CHECK (women BETWEEN 0 AND 20),
    children     integer NOT NULL CHECK (children BETWEEN 0 AND 20),
    infants      integer NOT NULL CHECK (infants BETWEEN 0 AND 20),
    needs        text[] NOT NULL CHECK (needs <@ ARRAY['step_free', 'animals', 'protected', 'cots', 'private_room', 'women_only']),
    zone         text,
    max_km       integer CHECK (max_km BETWEEN 1 AND 300),
    nights       integer NOT NULL CHECK (nights BETWEEN 1 AND 30),
    last_shelter uuid,
    level        integer NOT NULL CHECK (level BETWEEN 1 AND 4),
    explanation  bytea,
    FOREIGN KEY (territory, zone) REFERENCES commune (territory, name),
    CONSTRAINT criteria_last_shelter_fkey FOREIGN KEY (last_shelter, territory) REFERENCES shelter (id, territory),
    CHECK (men + women + children + infants BETWEEN 1 AND 20)
);
-- A deleted need stays on the disk until it is vacuumed: within minutes, however few they are.
ALTER TABLE criteria SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1);

-- ── Placements ───────────────────────────────────────────────────────────────────────────────────────────────────

-- Who held it stands in the journal alone, at opened_seq. Why it is this place stands in full with the criteria, while the
-- request is open; rules_version, engine, decided, compatible and override are what remains when they are deleted.
-- persons, until and expected_until go as soon as nobody is awaited.
CREATE TABLE placement (
    id             uuid PRIMARY KEY,
    territory      text NOT NULL REFERENCES territory,
    request        uuid REFERENCES request,
    shelter        uuid NOT NULL REFERENCES shelter,
    state          text NOT NULL CHECK (state IN ('held', 'offered', 'expected', 'present', 'released', 'refused_shelter',
                                                  'refused_household', 'lapsed', 'no_show', 'ended')),
    persons        integer CHECK (persons BETWEEN 1 AND 20),
    night          date NOT NULL,
    until          timestamptz,
    expected_until timestamptz,
    end_date       date,
    accepted       boolean NOT NULL,
    outcome        text,
    override       text CHECK (override IN ('continuity', 'transport', 'wish', 'asked_by_shelter', 'local_knowledge', 'other')),
    opened_seq     bigint NOT NULL,
    version        integer NOT NULL,
    rules_version  integer,
    engine         text CHECK (engine IN ('rank', 'plan', 'prices', 'vote')),
    decided        text CHECK (decided IN ('only', 'waste', 'continuity', 'distance', 'equal', 'last')),
    compatible     integer CHECK (compatible >= 0),
    CHECK ((state IN ('held', 'offered', 'expected')) = (until IS NOT NULL))
);
-- A request has at most one placement that is promised or present.
CREATE UNIQUE INDEX placement_request_one_live ON placement (request) WHERE state IN ('held', 'offered', 'expected', 'present');
CREATE INDEX placement_request ON placement (request);
CREATE INDEX placement_until ON placement (territory, until) WHERE until IS NOT NULL;
CREATE INDEX placement_shelter ON placement (shelter) WHERE state IN ('held', 'offered', 'expected', 'present', 'no_show');
CREATE INDEX placement_night ON placement (territory, night);
CREATE INDEX placement_held ON placement (territory, opened_seq) WHERE state = 'held';

-- A claim: one line of a placement on one bed.
CREATE TABLE placement_bed (
    placement uuid NOT NULL REFERENCES placement,
    bed       uuid NOT NULL REFERENCES bed,
    unit      uuid NOT NULL REFERENCES unit,
    territory text NOT NULL REFERENCES territory,
    live      boolean NOT NULL,
    whole     boolean NOT NULL,
    rule      text,
    -- it ended by a move, not with its placement
    moved     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (placement, bed),
    CHECK (rule IS NULL OR live),
    CONSTRAINT placement_bed_moved CHECK (NOT (live AND moved)),
    CHECK (NOT live OR whole OR rule IS NOT NULL),
    -- a live dormitory claim holds the rule of the night in place
    CONSTRAINT placement_bed_rule FOREIGN KEY (unit, rule) REFERENCES unit (id, rule_tonight),
    -- a room goes whole to one placement
    CONSTRAINT placement_bed_room_whole EXCLUDE USING gist (unit WITH =, placement WITH <>) WHERE (live AND whole)
);
-- Two households cannot have one bed.
CREATE UNIQUE INDEX placement_bed_one_live ON placement_bed (bed) WHERE live;
CREATE INDEX placement_bed_unit ON placement_bed (unit) WHERE live;

-- The placements an agent holds now, as the journal knows them; a shape for reading, nothing is stored.
CREATE TYPE holds AS (agent uuid, placements uuid[]);

-- ── Nights, counts, memory ───────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE night (
    territory text NOT NULL REFERENCES territory,
    date      date NOT NULL,
    closed_at timestamptz NOT NULL,
    PRIMARY KEY (territory, date)
);

-- What is kept of closed requests: counts. Never shown under 11.
CREATE TABLE tally (
    territory   text NOT NULL REFERENCES territory,
    night       date NOT NULL,
    outcome     text NOT NULL,
    side        text NOT NULL,
    composition text NOT NULL,
    level       integer NOT NULL,
    band        text NOT NULL,
    households  integer NOT NULL,
    persons     integer NOT NULL,
    PRIMARY KEY (territory, night, outcome, side, composition, level, band)
);

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

-- Rooms and dormitory beds that reports, departures and no-shows freed in a week, by kind, size, rule and two hours. Purpose:
-- forecasting what may still become free tonight. Says nothing of persons; kept 5 weeks.
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

-- One entry per verb: who, when, which rows, the coded outcome, and the hash of the entry before it (siao/core/journal.py).
CREATE TABLE journal (
    territory text NOT NULL REFERENCES territory,
    seq       bigint NOT NULL,
    at        timestamptz NOT NULL,
    agent     uuid,
    role      text NOT NULL,
    source    text NOT NULL,
    verb      text NOT NULL,
    outcome   text NOT NULL,
    shelter   uuid,
    units     uuid[] NOT NULL,
    placement uuid,
    request   uuid,
    plan      uuid,
    salt      bytea NOT NULL,
    hash      bytea NOT NULL,
    -- whose account or right was changed, and at which service
    account   uuid,
    service   uuid,
    PRIMARY KEY (territory, seq)
);
CREATE INDEX journal_request ON journal (request) WHERE request IS NOT NULL;
CREATE INDEX journal_placement ON journal (placement) WHERE placement IS NOT NULL;
-- what administrators and auditors look back at, few among a year of all
CREATE INDEX journal_administered ON journal (territory, seq) WHERE verb IN ('administer', 'set_rules', 'add_account', 'close_account',
    'open_account', 'set_password', 'grant', 'revoke', 'end_sessions');

-- The last link of a month of the journal that is gone, signed under a key that is not in this database: the chain goes on from it.
CREATE TABLE anchor (
    territory text NOT NULL REFERENCES territory,
    seq       bigint NOT NULL,
    hash      bytea NOT NULL,
    at        timestamptz NOT NULL,
    mac       bytea NOT NULL,
    PRIMARY KEY (territory, seq)
);

-- The answer to a command, under the key its browser made; 48 h. mac is an HMAC of the body under a key that is not in this database.
-- Closing a request empties mac, answer and request of all that was said about it: the key alone stays, so that it has no second effect.
CREATE TABLE command (
    key       uuid PRIMARY KEY,
    territory text NOT NULL REFERENCES territory,
    at        timestamptz NOT NULL,
    mac       bytea NOT NULL,
    answer    bytea NOT NULL,
    request   uuid
);
CREATE INDEX command_at ON command (at);
CREATE INDEX command_request ON command (request) WHERE request IS NOT NULL;
ALTER TABLE command SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- ── People ───────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE account (
    id       uuid PRIMARY KEY,
    login    text NOT NULL UNIQUE CHECK (length(login) BETWEEN 3 AND 60),
    password text NOT NULL,
    language text NOT NULL DEFAULT 'fr' CHECK (language IN ('fr', 'en')),
    active   boolean NOT NULL DEFAULT true
);

CREATE TABLE account_right (
    account   uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    role      text NOT NULL CHECK (role IN ('operator', 'coordinator', 'shelter', 'worker', 'observer', 'admin', 'auditor')),
    territory text NOT NULL REFERENCES territory,
    shelter   uuid,
    service   uuid,
    CONSTRAINT account_right_shelter_fkey FOREIGN KEY (shelter, territory) REFERENCES shelter (id, territory),
    CONSTRAINT account_right_service_fkey FOREIGN KEY (service, territory) REFERENCES service (id, territory),
    UNIQUE NULLS NOT DISTINCT (account, role, territory, shelter, service),
    CHECK ((role = 'shelter') = (shelter IS NOT NULL)),
    CHECK ((role = 'worker') = (service IS NOT NULL))
);

-- token is the SHA-256 of 256 random bits that only the cookie holds.
CREATE TABLE session (
    token    bytea PRIMARY KEY,
    account  uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    began    timestamptz NOT NULL,
    human_at timestamptz NOT NULL
);
CREATE INDEX session_account ON session (account);

-- Failed logins by login name, for the limit; a row dies with its window. browser: the number of one that the login has signed in
-- from before, the session's token where its password is given again, nothing for all others together.
CREATE TABLE login_failure (
    login   text NOT NULL,
    at      timestamptz NOT NULL,
    browser bytea NOT NULL DEFAULT ''
);
CREATE INDEX login_failure_login ON login_failure (login, browser, at);

-- Recorded reads: looking up a code, reading a confidential address. 6 months.
CREATE TABLE access_log (
    territory text NOT NULL REFERENCES territory,
    at        timestamptz NOT NULL,
    agent     uuid NOT NULL,
    what      text NOT NULL CHECK (what IN ('code_found', 'code_missed', 'address')),
    subject   uuid
);
CREATE INDEX access_log_agent ON access_log (agent, at);

-- ── Epoch ────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Changes by itself when the database is restored elsewhere, or promoted: which cluster, which timeline, which database.
CREATE FUNCTION epoch() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT to_hex((SELECT system_identifier FROM pg_control_system()))
        || '.' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
        || '.' || (SELECT oid::text FROM pg_database WHERE datname = current_database())
$$;

-- ── Roles and rows ───────────────────────────────────────────────────────────────────────────────────────────────

-- Owner: migrations. siao_app: serves, owns nothing, may not change or delete a journal entry. siao_reader: reads places and
-- counts. siao_purger: deletes what is past its time. siao_auditor: journal and access log. siao_verifier: looks each minute whether the
-- promises are kept, and reads what shows it: no need, no account. siao_reader and siao_auditor are groups for logins of the operator's
-- own, siao_purger is taken within the owner's (docs/operate.md).
DO $$
DECLARE role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['siao_app', 'siao_reader', 'siao_purger', 'siao_auditor', 'siao_verifier'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
    END LOOP;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- two databases of one cluster migrating at once
END $$;

REVOKE ALL ON FUNCTION epoch() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION epoch() TO siao_app, siao_reader;

GRANT SELECT, INSERT, UPDATE ON territory, commune, service, shelter, plan, unit, bed, request, placement, placement_bed, tally TO siao_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON criteria, demand, supply, command, account, account_right, session, login_failure TO siao_app;
GRANT SELECT, INSERT ON journal, night, access_log, rules TO siao_app;
GRANT SELECT ON anchor TO siao_app;
GRANT SELECT ON territory, commune, shelter, plan, unit, bed, night, tally, rules TO siao_reader;
GRANT SELECT, DELETE ON command, session, login_failure, journal, access_log, request, placement, placement_bed TO siao_purger;
GRANT SELECT ON territory TO siao_purger;
GRANT UPDATE (request) ON placement TO siao_purger;
GRANT SELECT, INSERT ON anchor TO siao_purger;
GRANT SELECT ON journal, anchor, access_log, territory TO siao_auditor;
GRANT SELECT ON territory, journal, anchor, placement_bed, unit, bed, tally, night TO siao_verifier;
GRANT SELECT (id, territory, request, state, persons, until, opened_seq, version) ON placement TO siao_verifier;
GRANT SELECT (id, territory, state, closing, call_back, version) ON request TO siao_verifier;
GRANT SELECT (request, territory) ON criteria TO siao_verifier;
GRANT SELECT (key, territory, at, answer, request) ON command TO siao_verifier;

-- Every row of a territory is out of sight unless the transaction says it acts there.
CREATE FUNCTION territories_here() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT string_to_array(current_setting('siao.territories', true), ',')
$$;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['commune', 'service', 'shelter', 'plan', 'unit', 'bed', 'request', 'criteria', 'placement', 'placement_bed',
                                'night', 'tally', 'demand', 'supply', 'journal', 'anchor', 'command', 'access_log', 'rules'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY here ON %I USING (territory COLLATE "C" = ANY ((SELECT territories_here())::text[])) '
                       'WITH CHECK (territory COLLATE "C" = ANY ((SELECT territories_here())::text[]))', name);
    END LOOP;
END $$;
