// What stands on the paper board: what can be given, shelter by shelter, as it was at one moment. Pure.
import { counts, roomIsFree } from '../../lib/beds.ts';
import { told } from '../../lib/told.ts';
import type { Id, Shelter, Unit } from '../../lib/types';

/** More rings than this in one dormitory become a number. */
const RINGS_MAX = 24;

export interface Run { id: Id; room: boolean; rule: string | null; rings: number; more: number }
export interface Line { shelter: Shelter; free: number; old: boolean; ms: number | null; rules: string[]; features: string[]; runs: Run[] }
export interface Sheet { free: number; groups: { zone: string | null; lines: Line[] }[] }

/** Shelters with a free place, by area, the area with most places first; those at a hidden address last. */
export function sheet(shelters: Iterable<Shelter>, units: Iterable<Unit>, at: number): Sheet {
  const of = new Map<Id, Unit[]>();
  for (const unit of units) if (counts([unit]).free) of.get(unit.shelter)?.push(unit) ?? of.set(unit.shelter, [unit]);
  const zones = new Map<string | null, Line[]>();
  for (const shelter of shelters) {
    const free = of.get(shelter.id);
    if (free) zones.get(shelter.zone)?.push(line(shelter, free, at)) ?? zones.set(shelter.zone, [line(shelter, free, at)]);
  }
  const places = (lines: Line[]): number => lines.reduce((n, one) => n + one.free, 0);
  const groups = [...zones].map(([zone, lines]) => ({ zone, lines: lines.sort((a, b) => a.shelter.name.localeCompare(b.shelter.name, 'fr')) }));
  groups.sort((a, b) => Number(a.zone === null) - Number(b.zone === null) || places(b.lines) - places(a.lines));
  return { free: groups.reduce((n, group) => n + places(group.lines), 0), groups };
}

function line(shelter: Shelter, free: Unit[], at: number): Line {
  const { ms, old } = told(free, at);
  const ordered = free.sort((a, b) => Number(b.kind === 'room') - Number(a.kind === 'room') || a.name.localeCompare(b.name, 'fr', { numeric: true }));
  return {
    shelter, free: counts(free).free, old, ms,
    rules: [...new Set(free.filter((u) => u.kind === 'dormitory').map((u) => u.rule_tonight ?? 'switchable'))],
    features: [...new Set(free.flatMap((u) => u.features))], runs: ordered.map(run),
  };
}

function run(unit: Unit): Run {
  const free = unit.kind === 'room' && roomIsFree(unit) ? unit.beds.replace(/[^lc]/g, '').length : counts([unit]).free;
  const rings = Math.min(free, RINGS_MAX);
  return { id: unit.id, room: unit.kind === 'room', rule: unit.kind === 'dormitory' ? unit.rule_tonight : null, rings, more: free - rings };
}
