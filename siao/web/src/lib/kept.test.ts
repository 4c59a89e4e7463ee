import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alive, found, type Kept, KEPT_MS, ownBeds, places, retain } from './kept.ts';
import type { Bed, Placement, Right, Rows, Shelter, Unit } from './types.ts';

const right: Right = { role: 'shelter', territory: { code: '38', name: 'Isère', time_zone: 'Europe/Paris', telephone: '115' }, shelter: { id: 's', name: 'Les Tilleuls' }, service: null };
const at = (iso: string): number => new Date(iso).getTime();

test('a board is kept until four in the morning of its territory, and twelve hours at most', () => {
  const kept = { at: at('2026-01-20T20:00:00Z'), right };
  assert.ok(alive(kept, at('2026-01-21T02:59:00Z')));
  assert.ok(!alive(kept, at('2026-01-21T03:00:00Z')), 'four in the morning in Paris');
  const morning = { at: at('2026-01-20T04:00:00Z'), right };
  assert.ok(alive(morning, morning.at + KEPT_MS - 1));
  assert.ok(!alive(morning, morning.at + KEPT_MS));
  const overseas = { at: at('2026-01-20T20:00:00Z'), right: { ...right, territory: { ...right.territory, time_zone: 'Indian/Reunion' } } };
  assert.ok(!alive(overseas, at('2026-01-21T00:00:00Z')), 'four in the morning on La Réunion');
});

test('a shelter keeps beds and the codes it expects, and nothing else of anybody', () => {
  const bed = (number: number, claim: Bed['claim'], placement: string | null): Bed => ({ id: `b${number}`, number, physical: 'vacant', out_reason: null, to_check: false, version: 1, claim, placement });
  const one = (id: string, state: Placement['state'], code: string): Placement => ({
    id, code, state, persons: 3, until: null, expected_until: '2026-01-20T21:00:00Z', end_date: '2026-01-27', beds: [['u', 1]], contested: false, shelter: 's', request: 'r',
    men: 0, women: 1, children: 2, infants: 0, needs: ['step_free'], nights: 7,
  });
  const rows: Rows = {
    shelters: [{ id: 's', name: 'Le Refuge', confidential: true, address: '4 rue Cachée', commune: 'Voiron', zone: 'Voiron', latitude: 45, longitude: 5, house_rules: 'sonner au 4' } as Shelter],
    units: [{ id: 'u', shelter: 's', name: 'Dortoir', bed_list: [bed(1, 'expected', 'e'), bed(2, 'present', 'p'), bed(3, 'offered', 'o')] } as Unit],
    placements: [one('e', 'expected', '7K3M-9QXF-C'), one('p', 'present', '1111-1111-1'), one('o', 'offered', '2222-2222-2'), one('n', 'no_show', '3333-3333-3')],
    requests: [{ id: 'r' } as never], plans: [],
  };
  const text = JSON.stringify(ownBeds(rows));
  for (const no of ['1111', '2222', '3333', 'Voiron', 'Cachée', 'sonner', 'step_free', '"women"', '"children"', '"persons":3', '2026-01-27', '"requests"', '"placement":"p"']) assert.ok(!text.includes(no), no);
  for (const yes of ['7K3M-9QXF-C', '2026-01-20T21:00:00Z', '"claim":"present"', '"placement":"e"']) assert.ok(text.includes(yes), yes);
  assert.deepEqual(Object.keys(places(rows)), ['shelters', 'units']);
});

test('each post is kept apart, and what is no longer of this night or of these rights goes', () => {
  const store = new Map<string, string>();
  const storage = { getItem: (key: string) => store.get(key) ?? null, setItem: (key: string, text: string) => store.set(key, text), removeItem: (key: string) => store.delete(key) };
  Object.defineProperty(globalThis, 'localStorage', { value: storage, configurable: true });
  const now = at('2026-01-20T20:00:00Z');
  const post = (id: string): Right => ({ ...right, shelter: { id, name: id } });
  const one = (id: string, at: number): Kept => ({ at, right: post(id), language: 'fr', rows: {} });
  const write = (...all: Kept[]): unknown => store.set('siao.board', JSON.stringify(all));
  const ids = (): (string | undefined)[] => found(now).map((kept) => kept.right.shelter?.id);
  write(one('a', now - 1), one('b', now), one('old', now - KEPT_MS));
  assert.deepEqual(ids(), ['b', 'a']);
  retain([post('a')], now);
  assert.deepEqual(ids(), ['a']);
  retain([], now);
  assert.equal(store.size, 0, 'nothing is left, not an empty list either');
  for (const text of ['{', '{"at":1}', '[{"at":1}]']) {
    store.set('siao.board', text);
    assert.deepEqual(found(now), [], 'other screens wrote it');
  }
});
