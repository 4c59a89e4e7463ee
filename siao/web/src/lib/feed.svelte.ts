// The board, folded from frames, and whether it may be believed.
//
// A frame covers (from, to]: applied if from ≤ mine < to (whole rows, so twice is harmless), dropped if to ≤ mine, else the
// board is taken anew. Freshness is a lease: a pong whose top is not past our position renews it for 12 s, counted from the
// sending of its ping. Not "a message came lately".
import { SvelteMap } from 'svelte/reactivity';
import { ask, read, Refused } from './api';
import type { Asked, Followed, Frame, Id, Kind, Me, News, Placement, Plan, Pong, Shelter, Unit } from './types';

export const LEASE_MS = 12_000;
const PING_MS = 5_000;
const POLL_MS = 5_000;
const RETRY_CAP_MS = 20_000;
const NEWS_MAX = 40;
const RESYNC = 4001, SESSION_OVER = 4401, NO_RIGHT = 4403;

export type Fate = 'apply' | 'drop' | 'resync';

/** What becomes of a frame at position `mine` of `epoch`. */
export function fate(frame: Pick<Frame, 'whole' | 'epoch' | 'from' | 'to'>, epoch: string, mine: number): Fate {
  if (frame.whole) return 'apply';
  if (frame.epoch !== epoch || frame.from > mine) return 'resync';
  return frame.to > mine ? 'apply' : 'drop';
}

export class Feed {
  shelters = new SvelteMap<Id, Shelter>();
  units = new SvelteMap<Id, Unit>();
  placements = new SvelteMap<Id, Placement>();
  requests = new SvelteMap<Id, Asked & Followed>();
  plans = new SvelteMap<Id, Plan>();
  news: News[] = $state.raw([]);
  changed = new SvelteMap<Id, number>();
  fresh = $state(false);
  known = $state(false);
  over = $state(false);
  /** When the board was last known to be true, epoch ms. */
  trueAt = $state(0);
  retryAt = $state(0);

  private epoch = '';
  private mine = -1;
  private leaseUntil = 0;
  private socket: WebSocket | null = null;
  private pings = new Map<number, number>();
  private n = 0;
  private failures = 0;
  private timers: ReturnType<typeof setInterval>[] = [];
  private stopped = false;

  constructor(private readonly query: Record<string, string>) {}

  start(): void {
    this.timers = [setInterval(() => this.tick(), 250), setInterval(() => this.ping(), PING_MS)];
    document.addEventListener('visibilitychange', this.awake);
    void this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.timers.forEach(clearInterval);
    document.removeEventListener('visibilitychange', this.awake);
    this.socket?.close();
  }

  private awake = (): void => {
    this.tick();
    if (!document.hidden) this.ping();
  };

  private tick(): void {
    this.fresh = performance.now() < this.leaseUntil;
  }

  /** The board over HTTP, then the socket from its position on. */
  private async connect(): Promise<void> {
    if (this.stopped) return;
    try {
      await this.take();
    } catch (e) {
      if (e instanceof Refused && e.problem.status === 401) return this.end();
      return this.again();
    }
    this.open();
  }

  private async take(): Promise<void> {
    const sent = performance.now();
    const known = this.mine >= 0 ? { 'If-None-Match': `"${this.epoch}:${this.mine}"` } : {};
    const response = await ask('/api/board', this.query, known as Record<string, string>);
    if (response.status !== 304) this.apply((await response.json()) as Frame);
    if (response.headers.get('siao-top') === `${this.epoch}:${this.mine}`) this.renew(sent);
  }

  private open(): void {
    const query = new URLSearchParams({ ...this.query, since: `${this.epoch}:${this.mine}` });
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/live?${query.toString()}`);
    this.socket = socket;
    socket.onopen = () => this.ping();
    socket.onmessage = (message) => this.hear(JSON.parse(message.data as string) as Frame | Pong);
    socket.onclose = (close) => this.closed(close.code);
  }

  private hear(message: Frame | Pong): void {
    if (message.t === 'frame') {
      const what = fate(message, this.epoch, this.mine);
      if (what === 'apply') this.apply(message);
      if (what === 'resync') this.resync();
      return;
    }
    const sent = this.pings.get(message.n);
    this.pings.delete(message.n);
    this.failures = 0;
    if (sent !== undefined && message.top !== null && message.epoch === this.epoch && this.mine >= message.top) this.renew(sent);
    else if (message.epoch !== null && message.epoch !== this.epoch) this.resync();
    else if (message.top !== null && message.top > this.mine) setTimeout(() => this.ping(), 300);
  }

  private resync(): void {
    this.mine = -1;
    this.socket?.close();
  }

  private renew(sent: number): void {
    this.leaseUntil = Math.max(this.leaseUntil, sent + LEASE_MS);
    this.trueAt = Date.now() - (performance.now() - sent);
    this.tick();
  }

  private ping(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    if (this.pings.size > 4) return this.socket.close();
    this.pings.set(++this.n, performance.now());
    this.socket.send(JSON.stringify({ ping: this.n }));
  }

  private closed(code: number): void {
    this.pings.clear();
    if (this.stopped) return;
    if (code === SESSION_OVER) return this.end();
    if (code === NO_RIGHT || code === 1006) void this.whoAmI();
    if (code === RESYNC) {
      this.mine = -1;
      setTimeout(() => void this.connect(), Math.random() * 300);
      return;
    }
    this.again();
  }

  /** Full jitter up to 20 s; where sockets do not pass, the board is asked for every 5 s. */
  private again(): void {
    const cap = Math.min(RETRY_CAP_MS, 400 * 2 ** this.failures++);
    const wait = this.failures > 3 ? Math.min(POLL_MS, Math.random() * cap) : Math.random() * cap;
    this.retryAt = Date.now() + wait;
    setTimeout(() => void this.connect(), wait);
  }

  private async whoAmI(): Promise<void> {
    try {
      await read<Me>('/api/me');
    } catch (e) {
      if (e instanceof Refused && e.problem.status === 401) this.end();
    }
  }

  private end(): void {
    this.over = true;
    this.stop();
  }

  private apply(frame: Frame): void {
    const maps: Record<Kind, SvelteMap<Id, { id: Id }>> = {
      shelters: this.shelters, units: this.units, placements: this.placements, requests: this.requests, plans: this.plans,
    } as unknown as Record<Kind, SvelteMap<Id, { id: Id }>>;
    for (const kind of Object.keys(maps) as Kind[]) {
      const rows = frame.rows[kind] ?? [];
      if (frame.whole) prune(maps[kind], new Set(rows.map((row) => row.id)));
      for (const row of rows) maps[kind].set(row.id, row);
      for (const id of frame.gone[kind] ?? []) maps[kind].delete(id);
    }
    if (!frame.whole) for (const unit of frame.rows.units ?? []) this.changed.set(unit.shelter, Date.now());
    this.news = (frame.whole ? frame.news : [...this.news, ...frame.news]).slice(-NEWS_MAX);
    [this.epoch, this.mine] = [frame.epoch, frame.to];
    this.known = true;
  }
}

function prune(map: SvelteMap<Id, unknown>, kept: Set<Id>): void {
  for (const id of [...map.keys()]) if (!kept.has(id)) map.delete(id);
}
