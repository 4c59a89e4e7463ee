-- Whom each priority level is for, in a territory's words, published with its rules.

ALTER TABLE rules ADD COLUMN grid text[] NOT NULL DEFAULT ARRAY['', '', '', ''] CONSTRAINT rules_grid CHECK (cardinality(grid) = 4);
