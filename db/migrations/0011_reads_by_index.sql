-- Two reads that walked too far find their rows by an index: who changed what in the administration (nine verbs among a year of
-- all), and what was refused in one night. Each is built while the table waits, a second a million rows.

CREATE INDEX journal_administered ON journal (territory, seq) WHERE verb IN ('administer', 'set_rules', 'add_account', 'close_account',
    'open_account', 'set_password', 'grant', 'revoke', 'end_sessions');

CREATE INDEX placement_night ON placement (territory, night);
