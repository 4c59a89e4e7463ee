-- Which beds were left by a move: who comes late has those it was expected in, not those of before.

ALTER TABLE placement_bed ADD COLUMN moved boolean NOT NULL DEFAULT false;
SELECT set_config('siao.territories', (SELECT string_agg(code, ',') FROM territory), true);
UPDATE placement_bed b SET moved = true
    WHERE NOT live AND EXISTS (SELECT FROM placement_bed c WHERE c.placement = b.placement AND c.live);
UPDATE placement_bed b SET moved = true FROM placement p
    WHERE p.id = b.placement AND p.state = 'no_show' AND NOT live AND b.unit <> ALL (
        (SELECT j.units FROM journal j WHERE j.placement = p.id AND j.verb = 'no_show' ORDER BY j.seq DESC LIMIT 1)::uuid[]);
ALTER TABLE placement_bed ADD CONSTRAINT placement_bed_moved CHECK (NOT (live AND moved));
