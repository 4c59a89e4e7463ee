// Where else in the same house a household could sleep, and which beds it could give back. Pure; the server decides.
import type { Id, Placement, Unit } from './types';

export interface Other { units: Id[]; beds: Id[]; name: string; free: number; room: boolean }

const BEDS_NAMED_MAX = 2;
const free = (unit: Unit): number => [...unit.beds].filter((letter) => letter === 'l' || letter === 'c').length;
const wholeRoom = (unit: Unit): boolean => /[lc]/.test(unit.beds) && /^[lcx]+$/.test(unit.beds);

/** Whole free rooms, and dormitories with enough free beds under the same rule; what the household has now is not among them. */
export function others(units: readonly Unit[], placement: Placement): Other[] {
  const here = new Set(placement.beds.map(([unit]) => unit));
  const first = units.find((unit) => here.has(unit.id));
  const needed = placement.persons ?? placement.beds.length;
  const rule = first?.kind === 'dormitory' ? first.rule_tonight : null;
  return units.flatMap((unit) => {
    if (!unit.open) return [];
    const room = unit.kind === 'room';
    const count = free(unit);
    if (room && (here.has(unit.id) || !wholeRoom(unit) || (placement.persons !== null && count < needed))) return [];
    if (!room && (count < needed || !fits(unit, rule) || !mayName(unit, needed, placement))) return [];
    return [{ units: [unit.id], beds: room ? [] : named(unit, needed), name: unit.name, free: count, room }];
  });
}

function fits(unit: Unit, rule: string | null): boolean {
  return rule === null || unit.rule_tonight === null || unit.rule_tonight === rule || unit.rule_tonight === 'mixed';
}

/** Beds are named one or two at a time; more only where the household moves from as many. */
function mayName(unit: Unit, needed: number, placement: Placement): boolean {
  return (unit.bed_list !== undefined && needed <= BEDS_NAMED_MAX) || needed === placement.beds.length;
}

function named(unit: Unit, needed: number): Id[] {
  const vacant = (unit.bed_list ?? []).filter((bed) => bed.physical === 'vacant' && bed.claim === null);
  return needed <= BEDS_NAMED_MAX ? vacant.sort((a, b) => a.number - b.number).slice(0, needed).map((bed) => bed.id) : [];
}

export interface Part { beds: Id[]; name: string }

/** What some of those present may give back: a bed of a dormitory, or one whole room of several; never all of it. */
export function parts(units: readonly Unit[], placement: Placement): Part[] {
  const rooms = new Map<Id, Part>();
  const found: Part[] = [];
  for (const [id, number] of placement.beds) {
    const unit = units.find((u) => u.id === id);
    const bed = unit?.bed_list?.find((b) => b.number === number);
    if (!unit || !bed) continue;
    if (unit.kind === 'dormitory') found.push({ beds: [bed.id], name: `${unit.name}, ${number}` });
    else rooms.set(id, { beds: [...(rooms.get(id)?.beds ?? []), bed.id], name: unit.name });
  }
  const all = [...found, ...rooms.values()];
  return all.length > 1 ? all : [];
}
