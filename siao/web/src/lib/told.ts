// How long ago the count of a place was confirmed, and whether it may still be believed (four hours, as on the board).
import type { Unit } from './types';

const AGING_MS = 2 * 3_600_000;
export const OLD_MS = 4 * 3_600_000;

export interface Told { ms: number | null; aging: boolean; old: boolean }

/** Of several units the one that was confirmed longest ago; `ms` null where one never was. */
export function told(units: readonly (Unit | undefined)[], now: number): Told {
  const at = units.map((unit) => (unit?.confirmed_at ? new Date(unit.confirmed_at).getTime() : null));
  const ms = at.includes(null) ? null : now - Math.min(...(at as number[]));
  return { ms, aging: ms === null || ms >= AGING_MS, old: ms === null || ms >= OLD_MS };
}
