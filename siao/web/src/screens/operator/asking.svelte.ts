// What was said of a household, the places for it, and the advice beside them: always for what is typed now, never for what was.
import { read, Refused, Unknown } from '../../lib/api';
import { around, compose, isCode } from '../../lib/compose';
import type { Feed } from '../../lib/feed.svelte';
import { say } from '../../lib/language.svelte';
import type { Advice, Commune, Criteria, Level, Place, Places, Territory } from '../../lib/types';
import { onward } from './household';

const TYPING_MS = 60;
export const NEAR_KM = 30;
const FOLLOW_MS = 1_500;
/** While there is contact, what was not answered is asked again. */
const AGAIN_MS = 2_000;
/** An advice costs tens of milliseconds of a core: it waits for a pause, and stands ten seconds while the board moves. */
const PAUSE_MS = 350, STANDS_MS = 10_000;
export interface Found extends Places { nearest: Record<string, string[]> }

export class Asking {
  text = $state('');
  level: Level = $state(4);
  zone = $state('');
  km = $state(NEAR_KM);
  nights = $state(1);
  found: Found | null = $state.raw(null);
  chosen = $state(0);
  requestId: string | null = $state(null);
  renewing: string | null = $state(null);
  lost: Place | null = $state.raw(null);
  advice: Advice | null = $state.raw(null);
  said = $state('');
  busy = $state(false);
  communes: Commune[] = $state.raw([]);

  protected dirty = $state(false);
  /** Whether the places on the screen are those of what is typed. */
  protected stale = false;
  /** Whether the server said nothing: what stands on the screen is a word about its silence. */
  protected unheard = false;
  private searching: Promise<void> = Promise.resolve();
  private advising: ReturnType<typeof setTimeout> | undefined;
  private advisedAt = 0;
  private following: ReturnType<typeof setTimeout> | undefined;
  private typing: ReturnType<typeof setTimeout> | undefined;
  private aborting: AbortController | null = null;

  constructor(readonly feed: Feed, readonly territory: Territory) {
    void read<Commune[]>('/api/communes').then((all) => {
      this.communes = all;
      if (this.composed.around) this.typed(); // what was typed before they came is somewhere now
    }).catch(() => undefined);
  }

  readonly composed = $derived(compose(this.text));
  /** A place for a number of persons: no request, no code, no rank on the list. */
  readonly unrecorded: boolean = $derived(this.composed.unrecorded && !this.requestId && !this.renewing && !this.composed.code);
  /** A commune that was typed and that is not known here; the list is then for anywhere. */
  readonly nowhere: string | null = $derived(this.communes.length && !around(this.composed.around, this.communes) ? this.composed.around : null);
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
  /** When to ring back, where waiting is advised. */
  readonly backAt: string | null = $derived(this.advice?.say === 'hold_back' ? this.advice.call_back : null);
  readonly place: Place | undefined = $derived(this.found?.places[this.chosen]);

  /** Asks for the places again, a moment after the last key. */
  typed(): void {
    if (this.busy) return;
    [this.dirty, this.stale, this.chosen] = [true, true, 0];
    this.lost = null;
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

  /** Contact is back: what was not answered is asked again, and the silence is no longer said. */
  regained(): void {
    if (this.unheard && this.feed.fresh && !this.busy) void this.search();
  }

  /** What is still under way answers another household: neither its places nor its advice may stand beside this one. */
  protected unask(): void {
    clearTimeout(this.typing);
    this.typing = undefined;
    clearTimeout(this.advising);
    this.aborting?.abort();
    [this.advice, this.unheard] = [null, false];
  }

  search(chosen?: string): Promise<void> {
    clearTimeout(this.typing);
    this.typing = undefined;
    if (chosen === undefined) this.stale = true;
    return (this.searching = this.find(chosen));
  }

  private async find(chosen?: string): Promise<void> {
    this.aborting?.abort();
    if (!this.composed.said || isCode(this.text)) {
      this.found = null;
      return;
    }
    this.aborting = new AbortController();
    const { needs, ...rest } = this.criteria;
    const query = { ...rest, needs: needs.join(',') };
    this.beAdvised(query, this.aborting.signal, chosen !== undefined);
    try {
      this.found = await read<Found>('/api/places', query, this.aborting.signal);
      [this.stale, this.unheard] = [false, false];
      const same = this.found.places.findIndex((place) => place.units.join() === chosen);
      this.chosen = same >= 0 ? same : chosen ? 0 : Math.min(this.chosen, Math.max(0, this.found.places.length - 1));
      if (!this.lost) this.said = '';
    } catch (e) {
      if (e instanceof DOMException || chosen) return;
      this.found = null;
      this.said = this.words(e);
      if ((this.unheard = e instanceof Unknown)) setTimeout(() => this.regained(), AGAIN_MS);
    }
  }

  /** Give now, or wait: beside the list, which never waits for it. Without an answer the list stands alone. */
  private beAdvised(query: Record<string, string | number | null>, signal: AbortSignal, again: boolean): void {
    if (this.unrecorded || (again && performance.now() - this.advisedAt < STANDS_MS)) return;
    clearTimeout(this.advising);
    this.advising = setTimeout(() => {
      this.advisedAt = performance.now();
      const [path, what] = this.requestId && !this.dirty ? [`/api/requests/${this.requestId}/advice`, {}] : ['/api/advice', { ...query, revises: this.requestId }];
      read<Advice>(path, what, signal).then((said) => { if (!signal.aborted) this.advice = said; }, (e) => { if (!(e instanceof DOMException)) this.advice = null; });
    }, PAUSE_MS);
  }

  /** The places on the screen may be those of what was typed before: these are waited for. */
  protected async upToDate(): Promise<void> {
    if (this.typing !== undefined) void this.search();
    if (this.stale) await this.searching;
  }

  protected words(e: unknown): string {
    if (e instanceof Refused) return `${e.problem.detail} ${onward(e.problem)}`.trimEnd();
    if (e instanceof Unknown) return say('Le serveur ne répond pas : rien n’est confirmé.', 'The server does not answer: nothing is confirmed.');
    return e instanceof Error ? e.message : String(e);
  }
}
