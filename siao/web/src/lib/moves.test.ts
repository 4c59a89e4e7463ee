import assert from 'node:assert/strict';
import { test } from 'node:test';
import { others, parts } from './moves.ts';
import type { Bed, Placement, Unit } from './types.ts';

const SEEN: Record<string, Bed['physical']> = { l: 'vacant', c: 'vacant', o: 'occupied', x: 'out', a: 'vacant', A: 'occupied', O: 'vacant' };

function unit(id: string, kind: Unit['kind'], beds: string, more: Partial<Unit> = {}): Unit {
  const bed_list = [...beds].map((letter, i): Bed => ({
    id: `${id}${i + 1}`, number: i + 1, physical: SEEN[letter] ?? 'vacant', out_reason: null, to_check: letter === 'c', version: 1,
    claim: /[aA]/.test(letter) ? 'expected' : null, placement: null,
  }));
  return {
    id, shelter: 's', name: id, kind, nominal: beds.length, rule: 'mixed', rule_tonight: 'mixed', features: [], mode: 'on_acceptance', open: true,
    closed_reason: null, plan: null, suite: null, nights_max: null, version: 1, confirmed_at: null, confirmed_source: null, beds, bed_list, ...more,
  };
}

const placed = (beds: [string, number][], persons: number | null): Placement =>
  ({ id: 'p', code: null, state: 'expected', persons, until: null, expected_until: null, end_date: null, beds, contested: true });

test('from a contested bed to another bed of the dormitory, or a whole room', () => {
  const men = unit('men', 'dormitory', 'Allo', { rule_tonight: 'men' });
  const room = unit('room', 'room', 'll');
  const found = others([men, room, unit('half', 'room', 'lo'), unit('shut', 'room', 'll', { open: false })], placed([['men', 1]], 1));
  assert.deepEqual(found.map((o) => [o.units[0], o.beds]), [['men', ['men2']], ['room', []]]);
});

test('not into a dormitory under another rule, nor a room too small, nor where they are', () => {
  const women = unit('women', 'dormitory', 'll', { rule_tonight: 'women' });
  assert.deepEqual(others([unit('men', 'dormitory', 'Ao', { rule_tonight: 'men' }), women], placed([['men', 1]], 1)), []);
  assert.deepEqual(others([unit('a', 'room', 'AAA'), unit('b', 'room', 'll')], placed([['a', 1], ['a', 2], ['a', 3]], 3)), []);
});

test('three of a room do not go into a dormitory bed by bed', () => {
  const family = placed([['a', 1], ['a', 2], ['a', 3], ['a', 4]], 3);
  assert.deepEqual(others([unit('a', 'room', 'AAAA'), unit('d', 'dormitory', 'llll')], family), []);
});

test('some leave: single beds of a dormitory, one room of two, never all', () => {
  const dormitory = unit('d', 'dormitory', 'ooo');
  assert.deepEqual(parts([dormitory], placed([['d', 1], ['d', 3]], null)).map((p) => p.beds), [['d1'], ['d3']]);
  assert.deepEqual(parts([dormitory], placed([['d', 1]], null)), []);
  const two = [unit('a', 'room', 'oo'), unit('b', 'room', 'o')];
  assert.deepEqual(parts(two, placed([['a', 1], ['a', 2], ['b', 1]], null)).map((p) => p.beds), [['a1', 'a2'], ['b1']]);
  assert.deepEqual(parts(two, placed([['a', 1], ['a', 2]], null)), []);
});
