-- Wrong passwords are counted for each browser that a login has signed in from before, and for all others together.

ALTER TABLE login_failure ADD COLUMN browser bytea NOT NULL DEFAULT '';
DROP INDEX login_failure_login;
CREATE INDEX login_failure_login ON login_failure (login, browser, at);
