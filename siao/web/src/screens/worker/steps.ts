// Where a request stands, in a sentence and on five steps.
import { hour } from '../../lib/format';
import { say, word } from '../../lib/language.svelte';
import type { Followed } from '../../lib/types';

export const STEPS = ['asked', 'held', 'offered', 'expected', 'arrived'];
const REACHED: Record<string, number> = { waiting: 1, paused: 1, held: 2, offered: 2, expected: 4, arrived: 5 };

export const reached = (r: Followed): number => REACHED[r.step] ?? 0;

export function next(r: Followed, zone: string): string {
  switch (r.step) {
    case 'waiting': return say('En attente d’une place', 'Waiting for a place');
    case 'held': return say('Place trouvée et bloquée', 'Place found and held');
    case 'offered': return `${say('Place proposée, réponse de la structure avant', 'Offered, the shelter answers by')} ${hour(r.until, zone)}`;
    case 'expected': return `${say('Attendu avant', 'Expected by')} ${hour(r.until, zone)}`;
    case 'arrived': return r.closed_at ? `${say('Arrivé à', 'Arrived at')} ${hour(r.closed_at, zone)}` : say('Arrivé', 'Arrived');
    case 'paused': return say('En pause : le ménage doit rappeler le 115', 'Paused: the household must ring the 115');
    case 'unmet': return `${say('Sans place cette nuit', 'No place tonight')} : ${word('requests.Closing', r.closing)}`;
    default: return word('requests.Closing', r.closing);
  }
}
