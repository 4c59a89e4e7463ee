import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Shelter, Unit } from '../../lib/types';
import { sheet } from './sheet.ts';

const AT = Date.parse('2026-11-21T18:40:00Z');
const shelter = (id: string, zone: string | null): Shelter => ({ id, name: id, zone }) as Shelter;
const unit = (shelter: string, beds: string, more: Partial<Unit> = {}): Unit => ({
  id: `${shelter} ${beds}`, shelter, name: beds, kind: 'dormitory', rule_tonight: 'men', features: [], open: true, beds,
  confirmed_at: '2026-11-21T18:00:00Z', ...more,
}) as Unit;

test('only what can be given stands on paper, the area with most places first', () => {
  const told = sheet(
    [shelter('few', 'North'), shelter('full', 'North'), shelter('many', 'South'), shelter('hidden', null)],
    [unit('few', 'lo'), unit('full', 'oo'), unit('many', 'llc'), unit('many', 'llll', { open: false }), unit('hidden', 'llllll', { kind: 'room' })],
    AT,
  );
  assert.deepEqual(told.groups.map((g) => [g.zone, g.lines.map((l) => [l.shelter.id, l.free])]), [['South', [['many', 3]]], ['North', [['few', 1]]], [null, [['hidden', 6]]]]);
  assert.equal(told.free, 10);
});

test('a room that is partly taken is no place; whole, it is a box with a ring a bed', () => {
  const told = sheet([shelter('a', 'x')], [unit('a', 'lo', { kind: 'room' }), unit('a', 'llx', { kind: 'room' }), unit('a', 'loa')], AT);
  assert.deepEqual(told.groups[0]?.lines[0]?.runs.map((r) => [r.room, r.rule, r.rings]), [[true, null, 2], [false, 'men', 1]]);
});

test('past four hours, or never told, a count stands in brackets', () => {
  const old = (confirmed_at: string | null): boolean | undefined => sheet([shelter('a', 'x')], [unit('a', 'l', { confirmed_at }), unit('a', 'll')], AT).groups[0]?.lines[0]?.old;
  assert.deepEqual([old('2026-11-21T14:50:00Z'), old('2026-11-21T14:30:00Z'), old(null)], [false, true, true]);
});

test('a gymnasium does not fill the page with rings', () => {
  const run = sheet([shelter('a', 'x')], [unit('a', 'l'.repeat(60))], AT).groups[0]?.lines[0]?.runs[0];
  assert.deepEqual([run?.rings, run?.more], [24, 36]);
});
