// Where a household sleeps, in words.
import type { Feed } from '../../lib/feed.svelte';
import { long } from '../../lib/format';
import { say } from '../../lib/language.svelte';
import type { Placement } from '../../lib/types';

export function where(feed: Feed, p: Placement): string {
  const names = [...new Set(p.beds.map(([unit]) => feed.units.get(unit)?.name ?? ''))].join(' + ');
  const dormitory = feed.units.get(p.beds[0]?.[0] ?? '')?.kind === 'dormitory';
  return dormitory ? `${names}, ${say(p.beds.length > 1 ? 'lits' : 'lit', p.beds.length > 1 ? 'beds' : 'bed')} ${p.beds.map(([, n]) => n).join(', ')}` : names;
}

/** By what a household is known on a sheet about it: its code and its beds. */
export const known = (feed: Feed, p: Placement): string => `${p.code ?? say('sans code', 'no code')} · ${where(feed, p)}`;

/** Their number, or their beds' where a screen of before is shown: it keeps none of a household. */
export function who(p: Placement): string {
  const n = p.persons ?? p.beds.length;
  return long(p) || `${n} ${p.persons === null ? say(n > 1 ? 'lits' : 'lit', n > 1 ? 'beds' : 'bed') : say(n > 1 ? 'personnes' : 'personne', n > 1 ? 'persons' : 'person')}`;
}
