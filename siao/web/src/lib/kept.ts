// What a screen keeps in this browser of its last board, so that it opens where no server answers (GUARANTEES, 17): a shelter its own
// beds and the codes that it expects with hour and bed, a call desk places; nobody a composition, nor the queue.
import type { Feed } from './feed.svelte';
import type { Right, Rows } from './types';

const KEPT = 'siao.board';
/** Posts of one account, each with a tab of its own. */
const POSTS_MAX = 4;
export const KEPT_MS = 12 * 3_600_000;
const NIGHT_FROM_MS = 4 * 3_600_000;
const LOOK_MS = 2_000, CHANGED_MS = 30_000, SAME_MS = 60_000;

export interface Kept { at: number; right: Right; language: 'fr' | 'en'; rows: Rows }

/** One of somebody's posts. */
export const keyOf = (r: Right): string => [r.role, r.territory.code, r.shelter?.id ?? r.service?.id ?? ''].join(' ');

/** The board of before, where this page opened and no server answered. */
export const opened: { from: Kept | null } = { from: null };

/** The night an instant belongs to, from 04:00 to 04:00 on the territory's own clock. */
const night = (at: number, zone: string): string => new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(at - NIGHT_FROM_MS);

/** Until its night closes, and 12 h at most. */
export function alive(one: Pick<Kept, 'at' | 'right'>, now: number): boolean {
  const zone = one.right.territory.time_zone;
  return now - one.at < KEPT_MS && night(one.at, zone) === night(now, zone);
}

/** A shelter's own: where it is stays out, for a telephone may be lost. */
export function ownBeds(rows: Rows): Rows {
  const awaited = (rows.placements ?? []).filter((p) => p.state === 'expected');
  const named = new Set(awaited.map((p) => p.id));
  return {
    shelters: rows.shelters?.map((s) => ({ ...s, address: null, commune: null, zone: null, latitude: null, longitude: null, house_rules: null })),
    units: rows.units?.map((u) => ({
      ...u,
      bed_list: u.bed_list?.map((b) => ({ ...b, placement: b.placement && named.has(b.placement) ? b.placement : null })),
    })),
    placements: awaited.map(({ id, code, state, expected_until, beds, contested }) => ({
      id, code, state, expected_until, beds, contested, persons: null, until: null, end_date: null,
    })),
  };
}

/** Of the whole territory: shelters and units, whose beds are letters. */
export const places = (rows: Rows): Rows => ({ shelters: rows.shelters, units: rows.units });

/** What is kept and still may be, one of each post, the newest first; what may no longer is gone by then. */
export function found(now: number): Kept[] {
  try {
    const all = JSON.parse(localStorage.getItem(KEPT) ?? '[]') as Kept[];
    const living = all.filter((one) => alive(one, now)).sort((a, b) => b.at - a.at);
    if (living.length < all.length) write(living);
    return living;
  } catch {
    forget(); // other screens than these wrote it
    return [];
  }
}

/** Only what belongs to somebody with these rights stays, and only of this night. */
export function retain(rights: Right[], now: number): void {
  const keys = new Set(rights.map(keyOf));
  write(found(now).filter((one) => keys.has(keyOf(one.right))));
}

export const forget = (): void => localStorage.removeItem(KEPT);

function write(all: Kept[]): void {
  if (!all.length) return forget();
  try {
    localStorage.setItem(KEPT, JSON.stringify(all.slice(0, POSTS_MAX)));
  } catch {
    forget(); // no room: better nothing than what is older
  }
}

/** Writes down what may be kept of a board, as it was when it was last known to be true; gives how to stop. Its night over, it goes. */
export function keep(feed: Feed, right: Right, language: () => 'fr' | 'en', of: (rows: Rows) => Rows): () => void {
  let last = { at: 0, seq: -1 };

  const note = (): void => {
    const at = feed.trueAt, now = Date.now();
    if (!at || (feed.recalled && alive({ at, right }, now))) return;
    const others = found(now).filter((one) => keyOf(one.right) !== keyOf(right));
    write(alive({ at, right }, now) ? [{ at, right, language: language(), rows: of(feed.rows()) }, ...others] : others);
    last = { at, seq: feed.position().seq };
  };

  const look = (): void => {
    if (feed.trueAt - last.at >= (feed.position().seq === last.seq ? SAME_MS : CHANGED_MS) || !alive({ at: feed.trueAt, right }, Date.now())) note();
  };

  const hidden = (): void => { if (document.hidden) note(); };
  const timer = setInterval(look, LOOK_MS);
  addEventListener('pagehide', note);
  document.addEventListener('visibilitychange', hidden);
  return () => {
    clearInterval(timer);
    removeEventListener('pagehide', note);
    document.removeEventListener('visibilitychange', hidden);
  };
}
