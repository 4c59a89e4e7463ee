import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn, type Evening, HEIGHT, round } from './curve.ts';

const evening = (now: string, more: Partial<Evening> = {}): Evening => ({
  opened_at: '2026-11-21T03:00:00Z', closes_at: '2026-11-22T03:00:00Z', nights: 0, ahead: [],
  steps: [{ at: '2026-11-21T03:00:00Z', asked: 0, met: 0, closed: 0 }, { at: '2026-11-21T16:00:00Z', asked: 40, met: 12, closed: 13 }, { at: now, asked: 118, met: 66, closed: 77 }],
  ...more,
});
const utc = (at: number): string => new Date(at).toISOString().slice(11, 13);

test('in the evening the axis begins at 17:00, with what had added up by then', () => {
  const told = drawn(evening('2026-11-21T18:42:00Z'), 450, utc);
  assert.deepEqual(told?.ticks.map((t) => t.hour), ['16', '19', '22', '01']);
  assert.equal(told?.asked.split(' ').length, 2);
  assert.equal(drawn(evening('2026-11-21T09:00:00Z'), 450, utc)?.ticks.length, 7);
});

test('labels never cover each other nor leave the picture', () => {
  for (const [asked, met, closed] of [[118, 66, 77], [1, 0, 0], [2, 2, 2], [300, 0, 300], [0, 0, 0]] as const) {
    const told = drawn(evening('2026-11-21T18:42:00Z', { steps: [{ at: '2026-11-21T18:42:00Z', asked, met, closed }] }), 450, utc);
    const ys = told?.labels.map((l) => l.y) ?? [];
    for (const [i, y] of ys.entries()) assert.ok(y > 0 && y <= HEIGHT && (i === 0 || y - (ys[i - 1] ?? 0) >= 14.9), `${asked} ${ys.join()}`);
  }
});

test('late in the night the labels stand before the line of now', () => {
  assert.equal(drawn(evening('2026-11-22T02:00:00Z'), 450, utc)?.left, true);
  assert.equal(drawn(evening('2026-11-21T18:42:00Z'), 450, utc)?.left, false);
});

test('the scale has whole quarters', () => assert.deepEqual([1, 5, 9, 13, 21, 118, 700].map(round), [4, 8, 12, 20, 40, 120, 800]));
