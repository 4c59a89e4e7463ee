// How the beds of a unit are drawn: shape first. Occupied ones become a count where nobody looks for them.
import type { Unit } from './types';

export const SIGN: Record<string, string> = { l: 'l', c: 'l', o: 'o', x: 'x', b: 'b', p: 'b', a: 'a', B: 'b', P: 'b', A: 'a', O: 'o' };
const OCCUPIED_SHOWN = 8;
const ROOMS_SHOWN = 3;

export interface Counts { free: number; held: number; due: number; taken: number; out: number; check: number }

/** Beds by state; a closed unit has nothing to give, a room is free only if all its beds in service are. */
export function counts(units: Iterable<Unit>): Counts {
  const sum: Counts = { free: 0, held: 0, due: 0, taken: 0, out: 0, check: 0 };
  for (const unit of units) {
    const usable = unit.open && (unit.kind === 'dormitory' || roomIsFree(unit));
    for (const letter of unit.beds) {
      const sign = SIGN[letter];
      if (sign === 'l' && usable) sum.free++;
      else if (sign === 'b') sum.held++;
      else if (sign === 'a') sum.due++;
      else if (sign === 'o') sum.taken++;
      else if (sign === 'x' || !unit.open) sum.out++;
      if (letter === 'c') sum.check++;
    }
  }
  return sum;
}

/** Four beds side by side, or as many as leave none alone in the last row. */
export const columns = (beds: number, among = [4, 3, 5]): number => among.find((n) => beds <= n || beds % n !== 1) ?? 4;
/** The same on the smallest telephones, where five would not hold their words. */
export const few = (beds: number): number => columns(beds, [4, 3]);

export const roomIsFree = (unit: Unit): boolean => /[lc]/.test(unit.beds) && !/[^lcx]/.test(unit.beds);

export interface Drawn { rooms: { id: string; letters: string; name: string; due: boolean }[]; dorms: { id: string; rule: string | null; letters: string; more: number; name: string }[]; more: number }

/** Rooms and dormitories of a shelter in the order in which they matter. */
export function drawn(units: Unit[]): Drawn {
  const weight = (u: Unit): number => (/[lc]/.test(u.beds) ? 0 : /[bpaBPA]/.test(u.beds) ? 1 : /x/.test(u.beds) ? 2 : 3);
  const open = units.filter((u) => u.open).sort((a, b) => weight(a) - weight(b) || a.name.localeCompare(b.name, 'fr', { numeric: true }));
  const rooms = open.filter((u) => u.kind === 'room');
  const busy = rooms.filter((u) => weight(u) === 3);
  const hidden = busy.slice(ROOMS_SHOWN);
  return {
    rooms: rooms.filter((u) => !hidden.includes(u)).map((u) => ({ id: u.id, letters: u.beds, name: u.name, due: /[aA]/.test(u.beds) })),
    dorms: open.filter((u) => u.kind === 'dormitory').map(dorm),
    more: hidden.reduce((n, u) => n + u.beds.length, 0),
  };
}

function dorm(u: Unit): Drawn['dorms'][number] {
  const order = 'lcbpBPaAxOo'; // what is claimed stands together, its clock after it
  const letters = [...u.beds].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const occupied = letters.filter((l) => l === 'o').length;
  const shown = occupied > OCCUPIED_SHOWN ? letters.filter((l) => l !== 'o') : letters;
  return { id: u.id, rule: u.rule_tonight, letters: shown.join(''), more: occupied > OCCUPIED_SHOWN ? occupied : 0, name: u.name };
}
