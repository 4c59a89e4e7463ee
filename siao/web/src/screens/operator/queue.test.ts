import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waits } from './queue.ts';

const held = new Map([['a', { state: 'held' as const }], ['b', { state: 'offered' as const }], ['c', { state: 'expected' as const }]]);

test('a household waits until a shelter expects it', () => {
  assert.equal(waits({ state: 'open', placement: null }, held), 'open');
  assert.equal(waits({ state: 'placed', placement: 'a' }, held), 'held');
  assert.equal(waits({ state: 'placed', placement: 'b' }, held), 'offered');
  assert.equal(waits({ state: 'placed', placement: 'c' }, held), 'due');
  assert.equal(waits({ state: 'placed', placement: null }, held), 'due');
  assert.equal(waits({ state: 'paused', placement: null }, held), 'paused');
});
