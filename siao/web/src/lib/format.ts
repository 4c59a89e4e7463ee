// Hours, ages, counts and codes as they are read and said.
import { say, tongue } from './language.svelte';
import type { Composition } from './types';

const ALPHABET: Record<string, string> = {
  A: 'Anatole', B: 'Berthe', C: 'Célestin', D: 'Désiré', E: 'Eugène', F: 'François', G: 'Gaston', H: 'Henri', J: 'Joseph', K: 'Kléber', M: 'Marcel',
  N: 'Nicolas', P: 'Pierre', Q: 'Quintal', R: 'Raoul', S: 'Suzanne', T: 'Thérèse', V: 'Victor', W: 'William', X: 'Xavier', Y: 'Yvonne', Z: 'Zoé',
};
const MINUTE = 60_000;

export const spelled = (code: string): string =>
  code.split('-').map((part) => [...part].map((c) => ALPHABET[c] ?? c).join(' ')).join(' – ');

/** A code within a sentence: no line breaks at its hyphens. */
export const unbroken = (code: string): string => code.replaceAll('-', '-\u2060');

/** Hour and minute on the territory's own clock. */
export function hour(iso: string | number | null, zone: string): string {
  if (iso === null) return '—';
  return new Intl.DateTimeFormat('fr-FR', { hour: '2-digit', minute: '2-digit', timeZone: zone }).format(new Date(iso));
}

export function day(iso: string, zone: string): string {
  const locale = tongue.now === 'fr' ? 'fr-FR' : 'en-GB';
  return new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', timeZone: zone }).format(new Date(iso));
}

/** 21 novembre */
export function dated(at: number, zone: string): string {
  return new Intl.DateTimeFormat(tongue.now === 'fr' ? 'fr-FR' : 'en-GB', { day: 'numeric', month: 'long', timeZone: zone }).format(at);
}

export function number(n: number): string {
  return n.toLocaleString('fr-FR').replaceAll('\u202f', '\u00a0');
}

/** 4 min · 1 h 34 · 2 j */
export function age(sinceMs: number): string {
  const minutes = Math.max(0, Math.floor(sinceMs / MINUTE));
  if (minutes < 1) return '< 1 min';
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')}`;
  return `${Math.floor(minutes / 1440)} ${say('j', 'd')}`;
}

/** What is left of a clock, m:ss. */
export function left(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1000));
  return s < 3600 ? `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}` : `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')}`;
}

const SHORT: [keyof Composition, string, string][] = [['men', 'H', 'M'], ['women', 'F', 'W'], ['children', 'E', 'C'], ['infants', 'B', 'I']];

/** 1 F, 2 E, 1 B */
export function short(who: Composition): string {
  return SHORT.filter(([k]) => who[k] > 0).map(([k, fr, en]) => `${who[k]} ${say(fr, en)}`).join(', ');
}

const LONG: [keyof Composition, [string, string], [string, string]][] = [
  ['men', ['homme', 'hommes'], ['man', 'men']],
  ['women', ['femme', 'femmes'], ['woman', 'women']],
  ['children', ['enfant', 'enfants'], ['child', 'children']],
  ['infants', ['bébé', 'bébés'], ['infant', 'infants']],
];

/** 1 femme, 2 enfants, 1 bébé */
export function long(who: Partial<Record<keyof Composition, number | null>>): string {
  return LONG.filter(([k]) => (who[k] ?? 0) > 0)
    .map(([k, fr, en]) => `${who[k]} ${say(fr[+((who[k] ?? 0) > 1)] ?? '', en[+((who[k] ?? 0) > 1)] ?? '')}`)
    .join(', ');
}

export const persons = (who: Composition): number => who.men + who.women + who.children + who.infants;
