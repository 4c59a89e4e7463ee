// Who still waits for a bed: the list and the number at the top count the same households.
import type { Asked, Id, Placement } from '../../lib/types';

export type Waiting = 'open' | 'held' | 'offered' | 'paused' | 'due';

/** Held and offered ones stay in sight; those expected somewhere have left the list. */
export function waits(r: Pick<Asked, 'state' | 'placement'>, placements: ReadonlyMap<Id, Pick<Placement, 'state'>>): Waiting {
  if (r.state === 'paused') return 'paused';
  const placement = r.placement ? placements.get(r.placement) : undefined;
  if (placement?.state === 'held' || placement?.state === 'offered') return placement.state;
  return placement || r.state === 'placed' ? 'due' : 'open';
}
