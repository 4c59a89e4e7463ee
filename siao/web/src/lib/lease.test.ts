import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fate, LEASE_MS, POLL_MS, reaches, readTop, renewed, RETRY_CAP_MS, wait } from './lease.ts';

const mine = { epoch: 'e', seq: 10 };
const frame = (from: number, to: number, epoch = 'e', whole = false) => ({ from, to, epoch, whole });

test('a frame that joins is applied, an old one dropped, a gap takes the board anew', () => {
  assert.equal(fate(frame(10, 12), mine), 'apply');
  assert.equal(fate(frame(8, 12), mine), 'apply', 'overlap is harmless: whole rows');
  assert.equal(fate(frame(8, 10), mine), 'drop');
  assert.equal(fate(frame(3, 4), mine), 'drop');
  assert.equal(fate(frame(11, 12), mine), 'resync');
});

test('another epoch is another history, even where the numbers join', () => {
  assert.equal(fate(frame(10, 12, 'restored'), mine), 'resync');
  assert.equal(fate(frame(-1, 3, 'restored', true), mine), 'apply', 'a whole board is the truth at its position');
});

test('whatever the order, loss and repetition, the position never goes back and never skips', () => {
  let seed = 115;
  const dice = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let history = 0; history < 2000; history++) {
    let at = { epoch: 'e', seq: 0 };
    let whole = 0;
    for (let step = 0; step < 30; step++) {
      const from = Math.floor(dice() * 20);
      const sent = frame(from, from + 1 + Math.floor(dice() * 3));
      const what = fate(sent, at);
      if (what === 'apply') {
        assert.ok(sent.from <= at.seq && sent.to > at.seq);
        at = { epoch: 'e', seq: sent.to };
      } else if (what === 'resync') {
        at = { epoch: 'e', seq: at.seq + 1 };
        whole++;
      }
    }
    assert.ok(whole >= 0);
  }
});

test('only a top that the screen has reached renews the lease', () => {
  assert.ok(reaches(mine, { epoch: 'e', seq: 10 }));
  assert.ok(reaches(mine, { epoch: 'e', seq: 9 }), 'the database spoke half a second ago, a frame came since');
  assert.ok(!reaches(mine, { epoch: 'e', seq: 11 }));
  assert.ok(!reaches(mine, { epoch: 'other', seq: 10 }));
  assert.ok(!reaches(mine, null), 'the database did not answer');
});

test('a lease counts from the sending of its ping, not from the answer', () => {
  assert.equal(renewed(0, 1_000), 1_000 + LEASE_MS);
  assert.equal(renewed(renewed(0, 5_000), 1_000), 5_000 + LEASE_MS, 'an answer that comes late takes nothing away');
});

test('a top is read from the header, or it is nothing', () => {
  assert.deepEqual(readTop('65.00000001.5:42'), { epoch: '65.00000001.5', seq: 42 });
  for (const bad of [null, '', ':4', 'x', 'e:ten']) assert.equal(readTop(bad), null);
});

test('full jitter up to 20 s; where HTTP answers and sockets do not pass, every 5 s', () => {
  assert.equal(wait(0, false, 1), 400);
  assert.equal(wait(30, false, 1), RETRY_CAP_MS, 'nothing answers: no storm of retries');
  assert.equal(wait(30, false, 0), 0);
  assert.equal(wait(1, true, 1), 800, 'the socket is tried again first');
  assert.equal(wait(3, true, 0), POLL_MS);
});
