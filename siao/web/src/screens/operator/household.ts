// A household as it is typed, as it is sent, and what to do where it was refused.
import { say } from '../../lib/language.svelte';
import type { Asked, Composition, Criteria, Problem } from '../../lib/types';

const PERSONS_MAX = 20;
const LETTERS: [keyof Pick<Criteria, 'men' | 'women' | 'children' | 'infants'>, string][] = [['men', 'h'], ['women', 'f'], ['children', 'e'], ['infants', 'b']];
const NEEDS: Record<string, string> = { step_free: 'pmr', animals: 'ani', protected: 'pro', cots: 'lb', women_only: 'nm', private_room: 'ch' };

/** On which side persons sleep who are not recorded. */
export function side({ men, women }: Composition): 'men' | 'women' | 'mixed' | 'minors' {
  if (men && women) return 'mixed';
  return men ? 'men' : women ? 'women' : 'minors';
}

/** The whole of what a request asks, as it stood. */
export function asked({ men, women, children, infants, needs, zone, max_km, nights, level, call_back }: Asked): Criteria & { call_back: string | null } {
  return { men, women, children, infants, needs, zone, max_km, nights, level, call_back };
}

/** Said by a household that needs no place from us any more. */
const LEAVES = ['other_solution', 'withdrawn'];
/** Said of one that got none. Its code asks again, for 30 days. */
const UNMET = ['did_not_call_back', 'refused_by_household', 'no_suitable_place', 'no_place'];

/** Why a person may close a request: one with a place in hand is left by its household alone. */
export const closings = (state: Asked['state']): string[] => (state === 'placed' ? LEAVES : [...LEAVES, ...UNMET]);
export const renewable = (reason: string): boolean => UNMET.includes(reason);

/** What to do next, where the refusal alone does not say it. */
export function onward({ code, field }: Problem): string {
  const who = LETTERS.find(([key]) => key === field)?.[1];
  if (code === 'invalid' && who) return say(`« ${who} » : de 0 à ${PERSONS_MAX}. Corriger la saisie.`, `"${who}": 0 to ${PERSONS_MAX}. Correct the field.`);
  if (code === 'code_unknown') return say('Le faire redire, ou composer le ménage.', 'Have it said again, or compose the household.');
  return '';
}

/** A request as it would be typed. */
export function written(who: Criteria): string {
  const people = LETTERS.filter(([k]) => who[k] > 0).map(([k, letter]) => `${who[k]}${letter}`);
  return [...people, ...who.needs.map((need) => NEEDS[need] ?? '')].join(' ');
}
