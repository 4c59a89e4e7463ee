// The rules by which a screen believes its board (DESIGN, "How a screen knows that it is fresh"). Pure.
import type { Frame } from './types';

export const LEASE_MS = 12_000;
export const PING_MS = 5_000;
export const POLL_MS = 5_000;
export const RETRY_CAP_MS = 20_000;
const RETRY_FIRST_MS = 400;
const SOCKET_TRIES = 3;

export interface Position { epoch: string; seq: number }
export type Fate = 'apply' | 'drop' | 'resync';

/** A frame covers (from, to]: applied if from ≤ mine < to, dropped if to ≤ mine, else the board is taken anew; never partly. */
export function fate(frame: Pick<Frame, 'whole' | 'epoch' | 'from' | 'to'>, mine: Position): Fate {
  if (frame.whole) return 'apply';
  if (frame.epoch !== mine.epoch || frame.from > mine.seq) return 'resync';
  return frame.to > mine.seq ? 'apply' : 'drop';
}

/** `siao-top: epoch:number`; null where the database did not say. */
export function readTop(text: string | null): Position | null {
  const at = text?.lastIndexOf(':') ?? -1;
  if (!text || at < 1) return null;
  const seq = Number(text.slice(at + 1));
  return Number.isInteger(seq) ? { epoch: text.slice(0, at), seq } : null;
}

/** Whether a position is at least what the database had a moment ago: only that renews the lease. */
export const reaches = (mine: Position, top: Position | null): boolean => top !== null && top.epoch === mine.epoch && mine.seq >= top.seq;

/** Until when the board may be believed: 12 s from the sending of the question, whenever the answer came; never earlier than before. */
export const renewed = (until: number, sent: number): number => Math.max(until, sent + LEASE_MS);

/** How long before trying again: full jitter, at most 20 s; where HTTP answers and sockets do not pass, every 5 s over HTTP. */
export function wait(failures: number, answered: boolean, dice: number): number {
  return polled(failures, answered) ? POLL_MS : dice * Math.min(RETRY_CAP_MS, RETRY_FIRST_MS * 2 ** failures);
}

export const polled = (failures: number, answered: boolean): boolean => answered && failures >= SOCKET_TRIES;
