-- How many were to come, and until when, goes when nobody is awaited: the hour, to the second, told the commune they wanted to stay around.

SELECT set_config('siao.territories', (SELECT string_agg(code, ',') FROM territory), true);
UPDATE placement SET persons = NULL, expected_until = NULL
    WHERE state NOT IN ('held', 'offered', 'expected') AND (persons IS NOT NULL OR expected_until IS NOT NULL);

REVOKE SELECT (expected_until) ON placement FROM siao_verifier;
GRANT SELECT (persons) ON placement TO siao_verifier;
