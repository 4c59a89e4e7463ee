// The board, folded from frames, and whether it may be believed.
//
// A frame covers (from, to]: applied if from ≤ mine < to (whole rows, so twice is harmless), dropped if to ≤ mine, else the
// board is taken anew. Freshness is a lease: a pong whose top is not past our position renews it for 12 s, counted from the
// sending of its ping. Not "a message came lately".
import { SvelteMap } from 'svelte/reactivity';
import { ask, read, Refused, Unknown } from './api';
import { fate, PING_MS, polled, reaches, readTop, renewed, wait } from './lease';
import type { Answer, Asked, Followed, Frame, Id, Kind, Me, News, Placement, Plan, Pong, Rows, Shelter, Unit } from './types';

const NEWS_MAX = 40;
const TICK_MS = 250;
const UNANSWERED_MAX = 2;
const WHOLE_MS = 20_000;
/** Without Redis the board is a second behind; after two the screen goes on. */
const SEEN_MS = 2_000;
const RESYNC = 4001, SESSION_OVER = 4401, NO_RIGHT = 4403, SILENT = 4900;

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
  /** By which way the board comes: pushed, or asked for every 5 s where sockets do not pass. */
  pushed = $state(true);
  /** When the board was last known to be true, epoch ms. */
  trueAt = $state(0);
  retryAt = $state(0);
  /** What is shown was kept in this browser: part of a board of before, and no server has answered since. */
  recalled = $state(false);

  /** A board that came from the server, of now or of before: only then does nothing there mean that there is none. */
  readonly whole = $derived(this.known && !this.recalled);

  private epoch = '';
  private mine = -1;
  private leaseUntil = 0;
  private socket: WebSocket | null = null;
  private pings = new Map<number, number>();
  private n = 0;
  private failures = 0;
  private answered = false;
  private round = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private timers: ReturnType<typeof setInterval>[] = [];
  private stopped = false;
  private unseen: { answer: Answer; seen: () => void }[] = [];

  constructor(private readonly query: Record<string, string>) {}

  start(): void {
    this.timers = [setInterval(() => this.tick(), TICK_MS), setInterval(() => this.ping(), PING_MS)];
    document.addEventListener('visibilitychange', this.awake);
    addEventListener('online', this.awake);
    void this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.timers.forEach(clearInterval);
    document.removeEventListener('visibilitychange', this.awake);
    removeEventListener('online', this.awake);
    clearTimeout(this.retry);
    this.socket?.close();
  }

  /** Waits until the board shows what was answered: until then a button would act on what is no longer so. */
  async shows(answer: Answer | undefined): Promise<void> {
    if (!answer?.seq || this.has(answer)) return;
    await new Promise<void>((seen) => {
      this.unseen.push({ answer, seen });
      setTimeout(seen, SEEN_MS);
    });
  }

  private has(answer: Answer): boolean {
    return answer.epoch !== this.epoch || answer.seq <= this.mine;
  }

  /** A telephone out of a pocket, a network that is back: nobody waits for the next try. */
  private awake = (): void => {
    this.tick();
    if (document.hidden || this.stopped) return;
    if (this.fresh) return this.ping();
    if (this.retry !== undefined) {
      clearTimeout(this.retry);
      [this.retry, this.failures] = [undefined, 0];
      void this.connect();
    } else if (this.socket) this.hangUp(SILENT);
  };

  /** Grey a moment before the lease ends, never after: the next look is a tick away. */
  private tick(): void {
    this.fresh = performance.now() + TICK_MS < this.leaseUntil;
  }

  /** The board over HTTP, then the socket from its position on. */
  private async connect(): Promise<void> {
    if (this.stopped) return;
    try {
      await Promise.race([this.take(++this.round), late(WHOLE_MS)]);
      this.answered = true;
    } catch (e) {
      if (e instanceof Refused && e.problem.status === 401) return this.end();
      this.answered = false;
      this.round++;
      return this.again();
    }
    this.open();
  }

  private async take(round: number): Promise<void> {
    const sent = performance.now();
    const known = this.mine >= 0 ? { 'If-None-Match': `"${this.epoch}:${this.mine}"` } : {};
    const response = await ask('/api/board', this.query, known as Record<string, string>);
    const frame = response.status === 304 ? null : ((await response.json()) as Frame);
    if (round !== this.round) return; // it came after it had been given up: an older board must not cover a newer one
    if (frame) this.apply(frame);
    if (reaches(this.position(), readTop(response.headers.get('siao-top')))) this.renew(sent);
  }

  position(): { epoch: string; seq: number } {
    return { epoch: this.epoch, seq: this.mine };
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
      const what = fate(message, this.position());
      if (what === 'apply') this.apply(message);
      if (what === 'resync') this.resync();
      return;
    }
    const sent = this.pings.get(message.n);
    this.pings.delete(message.n);
    [this.failures, this.pushed] = [0, true];
    const top = message.epoch !== null && message.top !== null ? { epoch: message.epoch, seq: message.top } : null;
    if (sent !== undefined && reaches(this.position(), top)) this.renew(sent);
    else if (top && top.epoch !== this.epoch) this.resync();
    else if (top && top.seq > this.mine) setTimeout(() => this.ping(), 300);
  }

  private resync(): void {
    this.mine = -1;
    this.hangUp(RESYNC);
  }

  private renew(sent: number): void {
    this.leaseUntil = renewed(this.leaseUntil, sent);
    this.trueAt = Math.max(this.trueAt, Date.now() - (performance.now() - sent));
    this.tick();
  }

  private ping(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    if (this.pings.size > UNANSWERED_MAX) return this.hangUp(SILENT);
    this.pings.set(++this.n, performance.now());
    this.socket.send(JSON.stringify({ ping: this.n }));
  }

  /** Ends the socket here and now: a peer that is gone would not answer the closing either. */
  private hangUp(code: number): void {
    const socket = this.socket;
    this.socket = null;
    if (socket) Object.assign(socket, { onopen: null, onmessage: null, onclose: null });
    socket?.close();
    this.closed(code);
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

  private again(): void {
    const ms = wait(this.failures, this.answered, Math.random());
    this.pushed = !polled(this.failures++, this.answered);
    this.retryAt = Date.now() + ms;
    this.retry = setTimeout(() => {
      this.retry = undefined;
      void this.connect();
    }, ms);
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

  rows(): Rows {
    return Object.fromEntries(Object.entries(this.maps()).map(([kind, map]) => [kind, [...map.values()]]));
  }

  /** Shows what was kept of a board, true at an instant of before, until one comes. */
  recall(rows: Rows, at: number): void {
    const maps = this.maps();
    for (const kind of Object.keys(maps) as Kind[]) for (const row of rows[kind] ?? []) maps[kind].set(row.id, row);
    [this.known, this.recalled, this.trueAt] = [true, true, at];
  }

  private maps(): Record<Kind, SvelteMap<Id, { id: Id }>> {
    return {
      shelters: this.shelters, units: this.units, placements: this.placements, requests: this.requests, plans: this.plans,
    } as unknown as Record<Kind, SvelteMap<Id, { id: Id }>>;
  }

  private apply(frame: Frame): void {
    const maps = this.maps();
    for (const kind of Object.keys(maps) as Kind[]) {
      const rows = frame.rows[kind] ?? [];
      if (frame.whole) prune(maps[kind], new Set(rows.map((row) => row.id)));
      for (const row of rows) maps[kind].set(row.id, row);
      for (const id of frame.gone[kind] ?? []) maps[kind].delete(id);
    }
    if (!frame.whole) for (const unit of frame.rows.units ?? []) this.changed.set(unit.shelter, Date.now());
    this.news = (frame.whole ? frame.news : [...this.news, ...frame.news]).slice(-NEWS_MAX);
    [this.epoch, this.mine] = [frame.epoch, frame.to];
    [this.known, this.recalled] = [true, false];
    for (const one of this.unseen) if (this.has(one.answer)) one.seen();
    this.unseen = this.unseen.filter((one) => !this.has(one.answer));
  }
}

const late = (ms: number): Promise<never> => new Promise((_, reject) => setTimeout(() => reject(new Unknown()), ms));

function prune(map: SvelteMap<Id, unknown>, kept: Set<Id>): void {
  for (const id of [...map.keys()]) if (!kept.has(id)) map.delete(id);
}
