import assert from 'node:assert/strict';
import { test } from 'node:test';
import { code, draw } from './codes.ts';

// Of these bits siao/core/codes.py makes these codes, too.
const KNOWN: [bigint, string | null][] = [
  [0n, '0000-0000-0'], [31n, '0000-000Z-Z'], [36n, null], [(1n << 40n) - 1n, 'ZZZZ-ZZZZ-F'], [0x3cc744dfafn, '7K3M-9QXF-C'],
];

test('codes are those of the server', () => {
  for (const [bits, written] of KNOWN) assert.equal(code(bits), written);
});

test('as many as are asked for, each with a check symbol that can be said', () => {
  const drawn = draw(200);
  assert.equal(new Set(drawn).size, 200);
  for (const one of drawn) assert.match(one, /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]$/);
});
