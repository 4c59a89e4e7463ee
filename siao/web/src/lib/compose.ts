// What is typed while somebody speaks: `1f 2e 1b pmr`, spaces optional; `?` for those who do not want to be recorded. Pure; what it did not understand it gives back.
import type { Criteria, Level } from './types';

export interface Composed { asked: Criteria; code: string | null; said: boolean; unrecorded: boolean; around: string | null; levelSaid: boolean; nightsSaid: boolean; lost: string }

const WHO = { h: 'men', f: 'women', e: 'children', b: 'infants' } as const;
const NEEDS: [string, string][] = [
  ['pmr', 'step_free'], ['ani', 'animals'], ['pro', 'protected'], ['lb', 'cots'], ['nm', 'women_only'], ['ch', 'private_room'],
];
const PIECE = /^(?:(\d{1,2})([hfeb])|n([1-4])|x(\d{1,2})|@([^\s\d]+)|(pmr|ani|pro|lb|nm|ch)|([hfeb])(?![a-z])|(\?))/i;

/** A code with the household behind it: both were written on paper while no screen was there. */
const PAPER = /^\s*([0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z])(?:\s+|$)/i;

export function compose(text: string): Composed {
  const asked: Criteria = { men: 0, women: 0, children: 0, infants: 0, needs: [], zone: null, max_km: null, nights: 1, level: 4 };
  const paper = PAPER.exec(text);
  const found: Composed = { asked, code: paper?.[1]?.toUpperCase() ?? null, said: false, unrecorded: false, around: null, levelSaid: false, nightsSaid: false, lost: '' };
  let rest = text.slice(paper?.[0].length ?? 0).trim().toLowerCase();
  while (rest) {
    const m = PIECE.exec(rest);
    if (!m) {
      found.lost = rest.split(/\s/)[0] ?? rest;
      rest = rest.slice(found.lost.length).trimStart();
      continue;
    }
    take(found, m);
    rest = rest.slice(m[0].length).trimStart();
  }
  found.said = asked.men + asked.women + asked.children + asked.infants > 0;
  return found;
}

function take(found: Composed, [, count, who, level, nights, around, need, one, nobody]: RegExpExecArray): void {
  const { asked } = found;
  const person = (who ?? one) as keyof typeof WHO | undefined;
  if (person) asked[WHO[person]] += count ? Number(count) : 1;
  if (level) [asked.level, found.levelSaid] = [Number(level) as Level, true];
  if (nights) [asked.nights, found.nightsSaid] = [Math.max(1, Number(nights)), true];
  if (around) found.around = around;
  if (nobody) found.unrecorded = true;
  const code = NEEDS.find(([short]) => short === need)?.[1];
  if (code && !asked.needs.includes(code)) asked.needs.push(code);
}

const CODE = /^[0-9a-z]{4}[- ]?[0-9a-z]{4}[- ]?[0-9a-z]$/i;

/** Whether a reference code was typed. `1f2e1bpmr` has the nine signs of one: what reads as a household is one. */
export function isCode(text: string): boolean {
  const { said, lost } = compose(text);
  return CODE.test(text.trim()) && (text.includes('-') || !said || lost !== '');
}

const plain = (text: string): string => text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase();

/** The commune meant by `@voi`: the first whose name begins so, else contains it. */
export function around(typed: string | null, communes: readonly { name: string }[]): string | null {
  if (!typed) return null;
  const wanted = plain(typed);
  return (communes.find((c) => plain(c.name).startsWith(wanted)) ?? communes.find((c) => plain(c.name).includes(wanted)))?.name ?? null;
}
