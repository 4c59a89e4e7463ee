import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columns } from './beds.ts';

test('no bed stands alone in the last row', () => {
  for (let beds = 2; beds <= 24; beds++) assert.notEqual(beds % columns(beds), 1, `${beds} beds`);
  assert.equal(columns(8), 4);
});
