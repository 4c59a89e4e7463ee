// Where else in the same house a household could sleep, and which beds it could give back. Pure; the server decides, and these are
// its rules: core/places.py, core/households.py, core/allocation/compatible.py. A test asks both of the same houses.
import type { Composition, Id, Placement, Unit } from './types';

export interface Other { units: Id[]; beds: Id[]; name: string; free: number; room: boolean }
export type Asked = Composition & { needs: string[] };
const REASONS = ['CAPACITY', 'SEX', 'PROTECTED', 'FAMILY'] as const;
export type Reason = (typeof REASONS)[number];

/** `sides`: everybody they may be; a place must be for each of them. */
interface Who { persons: number; sides: string[]; minors: boolean; needs: string[] }
/** `beds`: those in service of rooms, of a dormitory those they could have. `fresh`: how many of these they do not have already. */
interface Place { units: Unit[]; room: boolean; rule: string | null; features: string[]; beds: number; fresh: number }

const DORMITORY_PERSONS_MAX = 2;
const byName = (a: Unit, b: Unit): number => a.name.localeCompare(b.name, 'fr', { numeric: true });
const count = (unit: Unit, letters: RegExp): number => [...unit.beds].filter((letter) => letters.test(letter)).length;
const wholeRoom = (unit: Unit): boolean => /[lc]/.test(unit.beds) && /^[lcx]+$/.test(unit.beds);
const of = (units: readonly Unit[], placement: Placement): Unit[] => units.filter((unit) => placement.beds.some(([id]) => id === unit.id));

/**
 * Dormitories first, then rooms from the least that is enough: what the server would take from whoever asks. Two adjoining rooms only
 * where neither is enough by itself; a room that the household has now is not among them.
 *
 * `asked`: its request, while that is open. `said`: how many they are, where they are here, in a room.
 */
export function others(units: readonly Unit[], placement: Placement, asked: Asked | null = null, said: number | null = null): Other[] {
  const who = whoMoves(units, placement, asked, said);
  const fits = (place: Place): boolean => excluded(who, place).length === 0;
  const found = free(units, placement);
  const fit = [...found.filter(fits), ...adjoining(found.filter((place) => place.room && !fits(place))).filter(fits)];
  const may = fit.filter((place) => place.room || mayChange(place, placement));
  return may.sort((a, b) => spare(a, who) - spare(b, who)).map((place) => offered(place, placement, who));
}

/** Why nothing of what is free in this house is for them; nothing where nothing else is free. */
export function whyNot(units: readonly Unit[], placement: Placement, asked: Asked | null = null, said: number | null = null): Reason[] {
  const who = whoMoves(units, placement, asked, said);
  const found = new Set(free(units, placement).flatMap((place) => excluded(who, place)));
  return REASONS.filter((reason) => found.has(reason));
}

/** How many may be said to be here: a room goes whole, so its beds do not tell it. Never more than it has. */
export function mayBe(units: readonly Unit[], placement: Placement): number[] {
  const room = placement.state === 'present' && of(units, placement)[0]?.kind === 'room';
  return room && placement.beds.length > 1 ? placement.beds.map((_, i) => i + 1) : [];
}

/** The household of an open request; else all whom these beds may have been given to: what they have stands for what they need. */
function whoMoves(units: readonly Unit[], placement: Placement, asked: Asked | null, said: number | null): Who {
  if (asked) return recorded(asked);
  const had = together(of(units, placement));
  const sides = ['men', 'women'].filter((side) => had.rule === side || had.rule === 'mixed');
  const needs = [...(had.room ? ['private_room'] : []), ...(protects(had) ? ['protected'] : []), ...(had.rule === 'women' ? ['women_only'] : [])];
  return { persons: said ?? placement.persons ?? placement.beds.length, sides, minors: false, needs };
}

function recorded({ men, women, children, infants, needs }: Asked): Who {
  const side = !men && !women ? 'minors' : men && women ? 'mixed' : men ? 'men' : 'women';
  return { persons: men + women + children + infants, sides: [side], minors: children + infants > 0, needs };
}

function free(units: readonly Unit[], placement: Placement): Place[] {
  const had = new Set(of(units, placement));
  const open = units.filter((unit) => unit.open && (unit.kind === 'room' ? !had.has(unit) && wholeRoom(unit) : count(unit, /[lc]/) > 0));
  return open.sort(byName).map((unit) => together([unit], placement));
}

function together(units: Unit[], placement: Placement | null = null): Place {
  const room = units[0]?.kind === 'room', rules = new Set(units.map((unit) => (room ? unit.rule : unit.rule_tonight)));
  const fresh = units.reduce((sum, unit) => sum + count(unit, room ? /[^x]/ : /[lc]/), 0);
  const own = placement && !room ? kept(units[0], placement).length : 0;
  const features = (units[0]?.features ?? []).filter((feature) => units.every((unit) => unit.features.includes(feature)));
  return { units, room, rule: rules.size === 1 ? ([...rules][0] ?? null) : 'mixed', features, beds: fresh + own, fresh };
}

function adjoining(rooms: Place[]): Place[] {
  const alone = rooms.flatMap((room) => room.units);
  return alone.flatMap((a, i) => alone.slice(i + 1).filter((b) => a.suite !== null && a.suite === b.suite).map((b) => together([a, b])));
}

/** Their own beds of a dormitory, by number, unless the shelter sees them otherwise: those a move may leave them. */
function kept(unit: Unit | undefined, placement: Placement): number[] {
  const own = placement.beds.filter(([id]) => id === unit?.id).map(([, number]) => number);
  return own.filter((number) => /[boap]/.test(letter(unit, number)));
}

function letter(unit: Unit | undefined, number: number): string {
  const at = unit?.bed_list?.findIndex((bed) => bed.number === number) ?? number - 1;
  return unit?.beds[at] ?? '';
}

/** The hard reasons, those that give way to nobody. */
function excluded(who: Who, place: Place): Reason[] {
  const many = !place.room && who.persons > DORMITORY_PERSONS_MAX;
  const family = !place.room && (who.minors || who.needs.includes('private_room') || who.sides.includes('minors'));
  const is: Record<Reason, boolean> = {
    CAPACITY: place.beds < who.persons || many,
    SEX: !who.sides.every((side) => sideFits(side, who.needs, place)),
    PROTECTED: who.needs.includes('protected') && !protects(place),
    FAMILY: family,
  };
  return REASONS.filter((reason) => is[reason]);
}

function sideFits(side: string, needs: string[], { room, rule }: Place): boolean {
  if (rule === null || rule === 'mixed') return room || rule === null || !needs.includes('women_only');
  return side === 'minors' || side === rule;
}

const protects = ({ room, rule, features }: Place): boolean => features.includes('protected') && (room || rule !== 'mixed');
const spare = (place: Place, who: Who): number => (place.room ? place.beds - who.persons : -1);

/** Where beds cannot be named the server takes the first of theirs and the free ones: other beds only where one of theirs is lost. */
function mayChange({ units: [unit] }: Place, placement: Placement): boolean {
  const own = placement.beds.filter(([id]) => id === unit?.id);
  return !own.length || unit?.bed_list !== undefined || kept(unit, placement).length < own.length;
}

function offered({ units, room, beds, fresh }: Place, placement: Placement, who: Who): Other {
  return { units: units.map((unit) => unit.id), beds: room ? [] : named(units[0], placement, who.persons), name: units.map((unit) => unit.name).join(' + '), free: room ? beds : fresh, room };
}

/** Where a bed of theirs is contested, the others stay and new ones are taken for it; else new ones first. */
function named(unit: Unit | undefined, placement: Placement, persons: number): Id[] {
  const list = [...(unit?.bed_list ?? [])].sort((a, b) => a.number - b.number), stays = kept(unit, placement);
  const own = list.filter((bed) => stays.includes(bed.number)), fresh = list.filter((bed) => bed.physical === 'vacant' && bed.claim === null);
  return (placement.contested ? [...own, ...fresh] : [...fresh, ...own]).slice(0, persons).map((bed) => bed.id);
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
