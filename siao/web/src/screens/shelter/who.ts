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

export const who = (p: Placement): string => long(p) || `${p.persons ?? p.beds.length} ${say((p.persons ?? 2) > 1 ? 'personnes' : 'personne', (p.persons ?? 2) > 1 ? 'persons' : 'person')}`;
