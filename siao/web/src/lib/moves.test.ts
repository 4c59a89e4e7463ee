import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayBe, others, parts, whyNot } from './moves.ts';
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

test('of two, one contested: the other keeps their bed', () => {
  const men = unit('men', 'dormitory', 'aAll', { rule_tonight: 'men' });
  assert.deepEqual(others([men], placed([['men', 1], ['men', 2]], 2)).map((o) => o.beds), [['men1', 'men3']]);
  assert.deepEqual(others([{ ...men, bed_list: undefined }], placed([['men', 1], ['men', 2]], 2)).map((o) => o.beds), [[]]);
  assert.deepEqual(others([unit('men', 'dormitory', 'aall')], { ...placed([['men', 1], ['men', 2]], 2), contested: false }).map((o) => o.beds), [['men3', 'men4']]);
});

test('of those here in a room somebody says how many they are, and the least that is enough comes first', () => {
  const units = [unit('four', 'room', 'oooo'), unit('five', 'room', 'lllll'), unit('two', 'room', 'llx'), unit('one', 'room', 'l'), unit('d', 'dormitory', 'll')];
  const here = { ...placed([['four', 1], ['four', 2], ['four', 3], ['four', 4]], null), state: 'present' as const, contested: false };
  assert.deepEqual(mayBe(units, here), [1, 2, 3, 4]);
  assert.deepEqual(others(units, here).map((o) => o.name), ['five']);
  assert.deepEqual(others(units, here, null, 2).map((o) => [o.name, o.free]), [['two', 2], ['five', 5]]);
  assert.deepEqual(others(units, here, null, 1).map((o) => o.name), ['one', 'two', 'five']);
  assert.deepEqual(mayBe(units, { ...here, state: 'expected', persons: 1 }), []);
  assert.deepEqual(mayBe(units, { ...here, beds: [['d', 1], ['d', 2]] }), [], 'in a dormitory the beds tell it');
});

test('two adjoining rooms where neither is enough', () => {
  const suite = [unit('a', 'room', 'll', { suite: 's' }), unit('b', 'room', 'lll', { suite: 's' }), unit('c', 'room', 'lll')];
  const had = unit('z', 'room', 'AAAA'), family = (persons: number): ReturnType<typeof placed> => placed([1, 2, 3, 4].map((n) => ['z', n]), persons);
  assert.deepEqual(others([had, ...suite], family(4)).map((o) => [o.units, o.name, o.free]), [[['a', 'b'], 'a + b', 5]]);
  assert.deepEqual(others([had, ...suite], family(3)).map((o) => o.name), ['b', 'c']);
});

test('a request says who they are, and why nothing is offered', () => {
  const units = [unit('z', 'room', 'aaaa'), unit('small', 'room', 'l'), unit('women', 'room', 'll', { rule: 'women' }), unit('d', 'dormitory', 'llll')];
  const asked = { men: 1, women: 0, children: 1, infants: 0, needs: [] };
  const there = placed([['z', 1], ['z', 2], ['z', 3], ['z', 4]], 2);
  assert.deepEqual([others(units, there, asked), whyNot(units, there, asked)], [[], ['CAPACITY', 'SEX', 'FAMILY']]);
  assert.deepEqual(others(units, there, { ...asked, men: 2, children: 0 }).map((o) => o.name), ['d'], 'no private room was asked for');
  assert.deepEqual(whyNot(units.slice(0, 1), there, asked), []);
});

test('some leave: single beds of a dormitory, one room of two, never all', () => {
  const dormitory = unit('d', 'dormitory', 'ooo');
  assert.deepEqual(parts([dormitory], placed([['d', 1], ['d', 3]], null)).map((p) => p.beds), [['d1'], ['d3']]);
  assert.deepEqual(parts([dormitory], placed([['d', 1]], null)), []);
  const two = [unit('a', 'room', 'oo'), unit('b', 'room', 'o')];
  assert.deepEqual(parts(two, placed([['a', 1], ['a', 2], ['b', 1]], null)).map((p) => p.beds), [['a1', 'a2'], ['b1']]);
  assert.deepEqual(parts(two, placed([['a', 1], ['a', 2]], null)), []);
});
