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

const BANDS: Record<string, [string, string]> = {
  first: ['Dans le premier tiers de la file.', 'In the first third of the list.'],
  middle: ['Au milieu de la file.', 'In the middle of the list.'],
  later: ['Dans le dernier tiers de la file.', 'In the last third of the list.'],
};

/** What the social worker, or the household, has to do now; most often nothing. `mine`: the board tells this screen of it. */
export function todo(r: Followed, zone: string, mine: boolean): string {
  const back = r.call_back ? `${say('Le ménage rappelle à', 'The household rings back at')} ${hour(r.call_back, zone)}. ` : '';
  switch (r.step) {
    case 'waiting': return `${r.band ? `${say(...(BANDS[r.band] ?? ['', '']))} ` : ''}${back}${mine ? say('Vous n’avez rien à faire : cette page change seule.', 'Nothing to do: this page changes by itself.') : say('Vous n’avez rien à faire.', 'Nothing to do.')}`;
    case 'held': return say('Le 115 demande maintenant à la structure.', 'The 115 is asking the shelter now.');
    case 'offered': return say('Ne pas envoyer le ménage encore.', 'Do not send the household yet.');
    case 'expected': return say('Le ménage dit son code à la porte. En retard : prévenir le 115.', 'The household says its code at the door. If late: tell the 115.');
    case 'paused': return say('La demande garde son rang.', 'The request keeps its rank.');
    case 'unmet': return say('Redemander avec le même code garde l’ancienneté, 30 jours.', 'Asking again with the same code keeps the seniority, 30 days.');
    default: return '';
  }
}
