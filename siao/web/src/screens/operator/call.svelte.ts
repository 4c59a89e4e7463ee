// One call: what was said, the places for it, the place in hand. Decisions go to the server; the screen says so only from its answer.
import { newKey, read, Refused, send, Unknown } from '../../lib/api';
import { around, compose, isCode } from '../../lib/compose';
import type { Feed } from '../../lib/feed.svelte';
import { say } from '../../lib/language.svelte';
import type { Advice, Answer, Asked, Commune, Criteria, Followed, Level, Place, Placement, Places, Problem, Territory } from '../../lib/types';

const TYPING_MS = 60;
const UNDO_MS = 5_000;
const FOLLOW_MS = 1_500;
const PERSONS_MAX = 20;
/** An advice costs tens of milliseconds of a core: it waits for a pause, and stands ten seconds while the board moves. */
const PAUSE_MS = 350, STANDS_MS = 10_000;
export interface Found extends Places { nearest: Record<string, string[]> }
export type Mode = 'calm' | 'compose' | 'none' | 'held' | 'conflict' | 'paused';

export class Call {
  text = $state('');
  level: Level = $state(4);
  zone = $state('');
  km = $state(30);
  nights = $state(1);
  found: Found | null = $state.raw(null);
  chosen = $state(0);
  requestId: string | null = $state(null);
  code: string | null = $state(null);
  placementId: string | null = $state(null);
  lost: Place | null = $state.raw(null);
  /** Why a reason is asked for: `override_needed` or `held_back`. */
  overriding = $state('');
  advice: Advice | null = $state.raw(null);
  said = $state('');
  busy = $state(false);
  renewing: string | null = $state(null);
  /** The household that was just put on the list: its code, to be said, until the next call begins. */
  waited: { code: string; back: string | null } | null = $state.raw(null);
  undo: { until: number; what: () => Promise<void> } | null = $state.raw(null);
  communes: Commune[] = $state.raw([]);

  private dirty = false;
  private advising: ReturnType<typeof setTimeout> | undefined;
  private advisedAt = 0;
  private following: ReturnType<typeof setTimeout> | undefined;
  private typing: ReturnType<typeof setTimeout> | undefined;
  private aborting: AbortController | null = null;

  constructor(readonly feed: Feed, readonly territory: Territory) {
    void read<Commune[]>('/api/communes').then((all) => (this.communes = all)).catch(() => undefined);
  }

  readonly composed = $derived(compose(this.text));
  readonly criteria: Criteria = $derived.by(() => {
    const zone = around(this.composed.around, this.communes) ?? (this.zone || null);
    return {
      ...this.composed.asked,
      level: this.composed.levelSaid ? this.composed.asked.level : this.level,
      nights: this.composed.nightsSaid ? this.composed.asked.nights : this.nights,
      zone,
      max_km: zone && this.km ? this.km : null,
    };
  });
  readonly request: Asked | undefined = $derived.by(() => (this.requestId ? this.feed.requests.get(this.requestId) : undefined));
  readonly placement: Placement | undefined = $derived.by(() => this.feed.placements.get(this.request?.placement ?? this.placementId ?? ''));
  readonly mode: Mode = $derived.by(() => {
    if (this.placement) return 'held';
    if (this.request?.state === 'paused') return 'paused';
    if (this.lost) return 'conflict';
    if (!this.composed.said) return 'calm';
    return this.found && this.found.compatible === 0 ? 'none' : 'compose';
  });
  /** When to ring back, where waiting is advised. */
  readonly backAt: string | null = $derived(this.advice?.say === 'hold_back' ? this.advice.call_back : null);
  readonly place: Place | undefined = $derived(this.found?.places[this.chosen]);

  /** Asks for the places again, a moment after the last key. */
  typed(): void {
    this.dirty = true;
    this.lost = null;
    this.waited = null;
    this.said = '';
    this.unask();
    this.typing = setTimeout(() => void this.search(), TYPING_MS);
  }

  /** The board moved: the ranks follow, a moment later, and the place that was chosen stays chosen while it is there. */
  follow(): void {
    if (!this.found || this.following !== undefined) return;
    this.following = setTimeout(() => {
      this.following = undefined;
      if (this.found && !this.busy && !this.lost) void this.search(this.place?.units.join());
    }, FOLLOW_MS);
  }

  /** What is still under way answers another household: neither its places nor its advice may stand beside this one. */
  private unask(): void {
    clearTimeout(this.typing);
    clearTimeout(this.advising);
    this.aborting?.abort();
    this.advice = null;
  }

  async search(chosen?: string): Promise<void> {
    this.aborting?.abort();
    if (!this.composed.said) {
      this.found = null;
      return;
    }
    this.aborting = new AbortController();
    const { needs, ...rest } = this.criteria;
    const query = { ...rest, needs: needs.join(',') };
    this.beAdvised(query, this.aborting.signal, chosen !== undefined);
    try {
      this.found = await read<Found>('/api/places', query, this.aborting.signal);
      const same = this.found.places.findIndex((place) => place.units.join() === chosen);
      this.chosen = same >= 0 ? same : chosen ? 0 : Math.min(this.chosen, Math.max(0, this.found.places.length - 1));
      if (!this.lost) this.said = '';
    } catch (e) {
      if (e instanceof DOMException || chosen) return;
      this.found = null;
      this.said = this.words(e);
    }
  }

  /** Give now, or wait: beside the list, which never waits for it. Without an answer the list stands alone. */
  private beAdvised(query: Record<string, string | number | null>, signal: AbortSignal, again: boolean): void {
    if (again && performance.now() - this.advisedAt < STANDS_MS) return;
    clearTimeout(this.advising);
    this.advising = setTimeout(() => {
      this.advisedAt = performance.now();
      const [path, what] = this.requestId && !this.dirty ? [`/api/requests/${this.requestId}/advice`, {}] : ['/api/advice', { ...query, revises: this.requestId }];
      read<Advice>(path, what, signal).then((said) => { if (!signal.aborted) this.advice = said; }, (e) => { if (!(e instanceof DOMException)) this.advice = null; });
    }, PAUSE_MS);
  }

  clear(): void {
    this.unask();
    Object.assign(this, { text: '', level: 4, nights: 1, found: null, chosen: 0, requestId: null, code: null, placementId: null });
    Object.assign(this, { lost: null, said: '', renewing: null, undo: null, waited: null });
    this.dirty = false;
  }

  /** Takes up a request of the queue. */
  open(request: Asked): void {
    this.clear();
    this.requestId = request.id;
    this.code = request.code;
    this.text = written(request);
    Object.assign(this, { level: request.level, nights: request.nights, zone: request.zone ?? '', km: request.max_km ?? 0 });
    if (request.state === 'open') void this.search();
  }

  /** A code typed in the field: a household that rings again, or one that renews its request. */
  async openCode(): Promise<boolean> {
    if (!isCode(this.text)) return false;
    await this.doing(async () => {
      const row = await read<Followed>('/api/requests', { code: this.text.trim() });
      const waiting = this.feed.requests.get(row.id);
      if (waiting) return this.open(waiting);
      if (row.step !== 'unmet') throw new Error(say('Cette demande est close : vider la saisie (Échap) et composer un nouvel appel.', 'This request is closed: clear the field (Esc) and begin a new call.'));
      this.clear();
      this.renewing = row.code;
    });
    return true;
  }

  /** The request on the server, made or revised if need be. */
  private async ensure(call_back: string | null = null, advice: string | null = null): Promise<string> {
    const body = { ...this.criteria, call_back, advice };
    if (this.requestId && !this.dirty && call_back === null) return this.requestId;
    if (this.requestId) {
      await send(`/api/requests/${this.requestId}/revision`, body);
    } else {
      const path = this.renewing ? '/api/renewals' : '/api/requests';
      const made = await send<Answer>(path, this.renewing ? { ...body, code: this.renewing } : body);
      this.requestId = made.id;
      this.code = made.code;
    }
    this.dirty = false;
    return this.requestId;
  }

  /** The place at `index`. Where another comes first the server asks for a reason: the screen then shows the coded ones. */
  async hold(index = this.chosen, override: string | null = null): Promise<void> {
    const place = this.found?.places[index];
    if (!place || this.placement) return;
    await this.doing(async () => {
      const request = await this.ensure();
      try {
        const held = await send<Answer>(`/api/requests/${request}/placement`, { units: place.units, override, advice: this.advice?.token ?? null }, 'POST', newKey());
        this.placementId = held.id;
        this.lost = null;
        this.mayUndo(() => this.release(held.id));
      } catch (e) {
        if (!(e instanceof Refused) || e.problem.status !== 409) throw e;
        if (e.problem.places) this.found = e.problem.places as Found;
        if (['override_needed', 'held_back'].includes(e.problem.code)) return this.again(place, e.problem.code);
        this.lost = place;
        this.said = e.problem.detail;
        this.chosen = 0;
      }
    });
  }

  private again(place: Place, why: string): void {
    this.chosen = Math.max(0, this.found?.places.findIndex((p) => p.units.join() === place.units.join()) ?? 0);
    this.overriding = why;
  }

  /** On the waiting list; with `call_back`, a half hour at which the household rings again. As advised, the place stays kept. */
  async wait(call_back: string | null = null): Promise<void> {
    await this.doing(async () => {
      const was = this.request, composed = this.kept();
      const request = await this.ensure(call_back, call_back && call_back === this.backAt ? (this.advice?.token ?? null) : null);
      const waited = { code: this.code ?? '', back: call_back };
      this.clear(); // what is typed next belongs to the next household
      this.waited = waited;
      this.mayUndo(() => this.unwait(request, was, composed));
    });
  }

  /** As before `wait`: a request made by it is withdrawn, one that waited already gets its needs and hour back; the call goes on. */
  private async unwait(request: string, was: Asked | undefined, composed: Partial<Call>): Promise<void> {
    await this.doing(async () => {
      if (was) await send(`/api/requests/${request}/revision`, asked(was));
      else await send(`/api/requests/${request}/withdrawal`, { reason: 'withdrawn' });
      this.clear();
      Object.assign(this, composed, was ? { requestId: was.id, code: was.code } : {});
      this.dirty = true;
      void this.search();
    });
  }

  private kept(): Partial<Call> {
    return { text: this.text, level: this.level, zone: this.zone, km: this.km, nights: this.nights, renewing: this.renewing };
  }

  async act(path: string, body: unknown = {}): Promise<void> {
    await this.doing(async () => void (await send(path, body)));
  }

  async release(id = this.placement?.id): Promise<void> {
    if (id) await this.act(`/api/placements/${id}/release`);
    this.placementId = null;
    this.undo = null;
    void this.search();
  }

  private mayUndo(what: () => Promise<void>): void {
    const undo = {
      until: Date.now() + UNDO_MS,
      what: () => {
        this.undo = null;
        return what();
      },
    };
    this.undo = undo;
    setTimeout(() => { if (this.undo === undo) this.undo = null; }, UNDO_MS);
  }

  private async doing(what: () => Promise<void> | void): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.said = '';
    try {
      await what();
    } catch (e) {
      this.said = this.words(e);
    } finally {
      this.busy = false;
    }
  }

  private words(e: unknown): string {
    if (e instanceof Refused) return `${e.problem.detail} ${onward(e.problem)}`.trimEnd();
    if (e instanceof Unknown) return say('Le serveur ne répond pas : rien n’est confirmé.', 'The server does not answer: nothing is confirmed.');
    return e instanceof Error ? e.message : String(e);
  }
}

/** The whole of what a request asks, as it stood. */
function asked({ men, women, children, infants, needs, zone, max_km, nights, level, call_back }: Asked): Criteria & { call_back: string | null } {
  return { men, women, children, infants, needs, zone, max_km, nights, level, call_back };
}

/** What to do next, where the refusal alone does not say it. */
function onward({ code, field }: Problem): string {
  const who = LETTERS.find(([key]) => key === field)?.[1];
  if (code === 'invalid' && who) return say(`« ${who} » : de 0 à ${PERSONS_MAX}. Corriger la saisie.`, `"${who}": 0 to ${PERSONS_MAX}. Correct the field.`);
  if (code === 'code_unknown') return say('Le faire redire, ou composer le ménage.', 'Have it said again, or compose the household.');
  return '';
}

const LETTERS: [keyof Pick<Criteria, 'men' | 'women' | 'children' | 'infants'>, string][] = [['men', 'h'], ['women', 'f'], ['children', 'e'], ['infants', 'b']];
const NEEDS: Record<string, string> = { step_free: 'pmr', animals: 'ani', protected: 'pro', cots: 'lb', women_only: 'nm', private_room: 'ch' };

/** A request as it would be typed. */
export function written(who: Criteria): string {
  const people = LETTERS.filter(([k]) => who[k] > 0).map(([k, letter]) => `${who[k]}${letter}`);
  return [...people, ...who.needs.map((need) => NEEDS[need] ?? '')].join(' ');
}
