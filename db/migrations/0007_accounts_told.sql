-- What becomes of an account or a right stands in the journal too: whose, and at which service. Both are part of the hash where they
-- are said; the links of before are what they were.

ALTER TABLE journal ADD COLUMN account uuid, ADD COLUMN service uuid;
