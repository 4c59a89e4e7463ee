// One call: what was said, the places for it, the place in hand. Decisions go to the server; the screen says so only from its answer.
import { newKey, read, Refused, send, Unknown } from '../../lib/api';
import { isCode } from '../../lib/compose';
import { say } from '../../lib/language.svelte';
import { persons } from '../../lib/format';
import type { Answer, Asked, Followed, Id, Place, Placement } from '../../lib/types';
import { Asking, NEAR_KM, type Found } from './asking.svelte';
import { asked, side, written } from './household';

const UNDO_MS = 5_000;
export type Mode = 'calm' | 'compose' | 'none' | 'held' | 'conflict' | 'paused';

export class Call extends Asking {
  code: string | null = $state(null);
  placementId: string | null = $state(null);
  /** The place for which a reason is asked, and why: `override_needed` or `held_back`. */
  overriding: { place: Place; why: string } | null = $state.raw(null);
  /** The household that was just put on the list: its code, to be said, until the next call begins. */
  waited: { code: string; back: string | null } | null = $state.raw(null);
  /** The request that was just closed, and why: said until the next call begins. */
  closed: { code: string; reason: string } | null = $state.raw(null);
  /** What this account holds: the board says that a bed is held, and to nobody by whom. */
  mine: ReadonlySet<Id> = $state.raw(new Set());
  undo: { until: number; what: () => Promise<void> } | null = $state.raw(null);
  /** Its line stays when its five seconds are over: what is below does not move up under a finger. */
  undoable = $state(false);
  /** The place that was just given back, in words: beside its undo. */
  released = $state('');
  private override: string | null = null;

  /** Whether the request was taken up from the list, or has had a place since: whoever gives that back has it on the list again. */
  private taken = $state(false);
  private does: Promise<void> = Promise.resolve();
  /** The request that was asked for and not answered: asked again, it keeps its key. */
  private unanswered: { body: string; key: string } | null = null;

  readonly request: Asked | undefined = $derived.by(() => (this.requestId ? this.feed.requests.get(this.requestId) : undefined));
  readonly placement: Placement | undefined = $derived.by(() => this.feed.placements.get(this.request?.placement ?? this.placementId ?? ''));
  readonly mode: Mode = $derived.by(() => {
    if (this.placement) return 'held';
    if (this.request?.state === 'paused') return 'paused';
    if (this.lost) return 'conflict';
    if (!this.composed.said) return 'calm';
    return this.found && this.found.compatible === 0 ? 'none' : 'compose';
  });

  /** A request of the list waits on by itself: to put it there says something only where its needs or its hour change. */
  readonly mayWait: boolean = $derived(!this.unrecorded && (!this.taken || this.dirty || this.backAt !== null));

  override typed(): void {
    if (!this.busy) [this.waited, this.closed] = [null, null];
    super.typed();
  }

  /** Leaves this household for the next; not while something is being done for it. */
  clear(): void {
    if (!this.busy) this.begin();
  }

  private begin(): void {
    this.unask();
    Object.assign(this, { text: '', level: 4, nights: 1, zone: '', km: NEAR_KM, found: null, chosen: 0, requestId: null, code: null, placementId: null });
    Object.assign(this, { lost: null, said: '', renewing: null, undo: null, undoable: false, waited: null, closed: null, overriding: null, unanswered: null });
    [this.dirty, this.stale, this.taken] = [false, false, false];
  }

  /** Takes up a request of the queue. */
  open(request: Asked): void {
    if (!this.busy) this.takeUp(request);
  }

  private takeUp(request: Asked): void {
    this.begin();
    this.requestId = request.id;
    this.code = request.code;
    this.taken = true;
    this.text = written(request);
    Object.assign(this, { level: request.level, nights: request.nights, zone: request.zone ?? '', km: request.max_km ?? 0 });
    if (request.state === 'open') void this.search();
  }

  /** Takes up a place in hand: its request, or the place alone where nobody is recorded. */
  show(placement: Placement): void {
    const request = this.feed.requests.get(placement.request ?? '');
    if (request) return this.open(request);
    if (this.busy) return;
    this.begin();
    this.placementId = placement.id;
  }

  /** Which places this account holds: a hold outlives the screen on which it was made, and its clock runs. The last one is taken up where
      nothing else is. */
  async recall(take: boolean): Promise<void> {
    const held = await read<Id[]>('/api/holds').catch(() => null);
    if (!held) return;
    this.mine = new Set([...this.mine, ...held]); // one may have been made meanwhile
    const last = held.map((id) => this.feed.placements.get(id)).find((placement) => placement?.state === 'held');
    if (take && last && !this.busy && !this.text && !this.placementId) this.show(last);
  }

  /** A code typed in the field: a household that rings again, or one that renews its request. */
  async openCode(): Promise<boolean> {
    if (!isCode(this.text)) return false;
    await this.doing(async () => {
      const row = await read<Followed>('/api/requests', { code: this.text.trim() });
      const waiting = this.feed.requests.get(row.id);
      if (waiting) return this.takeUp(waiting);
      if (row.step !== 'unmet') throw new Error(say('Cette demande est close : vider la saisie (Échap) et composer un nouvel appel.', 'This request is closed: clear the field (Esc) and begin a new call.'));
      this.begin();
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
      const made = await this.once(path, { ...body, code: this.renewing ?? this.composed.code });
      this.requestId = made.id;
      this.code = made.code;
    }
    this.dirty = false;
    return this.requestId;
  }

  private async once(path: string, body: unknown): Promise<Answer> {
    const written = JSON.stringify(body);
    if (this.unanswered?.body !== written) this.unanswered = { body: written, key: newKey() };
    try {
      const made = await send<Answer>(path, body, 'POST', this.unanswered.key);
      this.unanswered = null;
      return made;
    } catch (e) {
      if (e instanceof Refused) this.unanswered = null;
      throw e;
    }
  }

  /**
   * That place, or the one that is chosen, of the list for what is typed: where it is still on its way it is waited for. Where
   * another place comes first the server asks for a reason: the screen then shows the coded ones.
   */
  async hold(place?: Place, override: string | null = null): Promise<void> {
    if (this.placement || (place && this.stale)) return;
    await this.doing(async () => {
      await this.upToDate();
      const wanted = place ?? this.place;
      if (!wanted || this.stale) return;
      const [path, body] = await this.wanting(wanted, override);
      try {
        const held = await send<Answer>(path, body, 'POST', newKey());
        [this.placementId, this.mine, this.taken] = [held.id, new Set([...this.mine, held.id]), true];
        this.override = override;
        this.lost = null;
        await this.feed.shows(held);
        this.mayUndo(() => this.release(held.id));
      } catch (e) {
        if (!(e instanceof Refused) || e.problem.status !== 409) throw e;
        if (e.problem.places) this.found = e.problem.places as Found;
        if (['override_needed', 'held_back'].includes(e.problem.code)) return this.again(wanted, e.problem.code);
        this.lost = wanted;
        this.said = e.problem.detail;
        this.chosen = 0;
      }
    });
  }

  private async wanting({ units }: Place, override: string | null): Promise<[string, object]> {
    const who = this.criteria;
    if (this.unrecorded) return ['/api/placements', { units, persons: persons(who), side: side(who) }];
    return [`/api/requests/${await this.ensure()}/placement`, { units, override, advice: this.advice?.token ?? null }];
  }

  private again(place: Place, why: string): void {
    this.chosen = Math.max(0, this.found?.places.findIndex((p) => p.units.join() === place.units.join()) ?? 0);
    this.overriding = { place, why };
  }

  /** On the waiting list; with `call_back`, a half hour at which the household rings again. As advised, the place stays kept. */
  async wait(call_back: string | null = null): Promise<void> {
    await this.doing(async () => {
      const was = this.request, composed = this.kept();
      const request = await this.ensure(call_back, call_back && call_back === this.backAt ? (this.advice?.token ?? null) : null);
      const waited = { code: this.code ?? '', back: call_back };
      this.begin(); // what is typed next belongs to the next household
      this.waited = waited;
      this.mayUndo(() => this.unwait(request, was, composed));
    });
  }

  /** As before `wait`: a request made by it is withdrawn, one that waited already gets its needs and hour back; the call goes on. */
  private async unwait(request: string, was: Asked | undefined, composed: Partial<Call>): Promise<void> {
    await this.doing(async () => {
      if (was) await send(`/api/requests/${request}/revision`, asked(was));
      else await send(`/api/requests/${request}/withdrawal`, { reason: 'withdrawn' });
      this.begin();
      Object.assign(this, composed, was ? { requestId: was.id, code: was.code } : {});
      this.dirty = true;
      void this.search();
    });
  }

  private kept(): Partial<Call> {
    return { text: this.text, level: this.level, zone: this.zone, km: this.km, nights: this.nights, renewing: this.renewing };
  }

  /** The household asks no more, or waits no more tonight, by a person's word: nothing brings it back. The next call may begin. */
  async close(reason: string): Promise<void> {
    const request = this.request;
    if (!request) return;
    await this.doing(async () => {
      await this.feed.shows(await send(`/api/requests/${request.id}/withdrawal`, { reason }));
      this.begin();
      this.closed = { code: request.code, reason };
    });
  }

  async act(path: string, body: unknown = {}): Promise<void> {
    await this.doing(async () => this.feed.shows(await send(path, body)));
  }

  /** Gives the place back, and says so; one that was only held may be taken again for five seconds. */
  async release(id = this.placement?.id): Promise<void> {
    const was = this.placement;
    if (id) await this.act(`/api/placements/${id}/release`);
    if (this.said) return;
    this.placementId = null;
    [this.undo, this.undoable] = [null, false];
    void this.search();
    if (was?.state === 'held' && this.requestId) this.givenBack(was, this.requestId);
  }

  private givenBack(was: Placement, request: string): void {
    const units = [...new Set(was.beds.map(([unit]) => unit))];
    const names = units.map((unit) => this.feed.units.get(unit)?.name ?? '').join(' + ');
    this.mayUndo(() => this.takeAgain(units, request), `${names}, ${this.feed.shelters.get(was.shelter ?? '')?.name ?? ''}`);
  }

  /** The same place for the same household, with the reason that was given for it; where it is no longer proposed nothing is taken. */
  private async takeAgain(units: string[], request: string): Promise<void> {
    await this.upToDate();
    if (this.requestId !== request || this.dirty) return;
    const same = this.found?.places.find((place) => place.units.toSorted().join() === units.toSorted().join());
    if (same) await this.hold(same, this.override);
    else this.said = say('Cette place n’est plus proposée.', 'This place is no longer proposed.');
  }

  private mayUndo(what: () => Promise<void>, released = ''): void {
    this.released = released;
    const undo = {
      until: Date.now() + UNDO_MS,
      what: () => {
        this.undo = null;
        return what();
      },
    };
    [this.undo, this.undoable] = [undo, true];
    setTimeout(() => { if (this.undo === undo) this.undo = null; }, UNDO_MS);
  }

  /** Once what is under way is done: a key that was pressed meanwhile means what comes of it. */
  done(): Promise<void> {
    return this.does;
  }

  private async doing(what: () => Promise<void> | void): Promise<void> {
    if (this.busy) return;
    await (this.does = this.tried(what));
  }

  private async tried(what: () => Promise<void> | void): Promise<void> {
    this.busy = true;
    this.said = '';
    try {
      await what();
    } catch (e) {
      this.said = this.words(e);
      this.unheard = e instanceof Unknown;
    } finally {
      this.busy = false;
    }
  }
}
