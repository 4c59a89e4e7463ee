import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moved } from './order.ts';

test('levels move a step, priorities keep their order among themselves', () => {
  const order = ['l1', 'l2', 'waste', 'distance'];
  assert.deepEqual(moved(order, 2, -1), ['l1', 'waste', 'l2', 'distance']);
  assert.equal(moved(order, 0, 1), null);
  assert.equal(moved(order, 0, -1), null);
  assert.equal(moved(order, 3, 1), null);
  assert.deepEqual(order, ['l1', 'l2', 'waste', 'distance']);
});
