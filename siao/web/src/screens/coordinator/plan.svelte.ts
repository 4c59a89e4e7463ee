// A plan for all who wait: asked for, streamed as it gets better, read, and held line by line.
import { newKey, Refused, send, stream } from '../../lib/api';
import { say } from '../../lib/language.svelte';
import type { Id } from '../../lib/types';

export interface Share { level: number; side: string; households: number; of_households: number; persons: number; of_persons: number }
export interface Summary { vector: number[]; shares: Share[] }
export interface Proposal {
  given: { request: Id; units: Id[] }[]; bound: number[]; proven: boolean; checked: boolean; engine: string; nodes: number; summary: Summary; first_fit: Summary;
}
interface Told { last: boolean; position: string; plan: Proposal }
interface Held { held: { request: Id; placement: Id; until: string }[]; refused: { request: Id; detail: string }[] }
export type Outcome = { until: string } | { detail: string };

export class Planning {
  plan: Proposal | null = $state.raw(null);
  at = $state(0);
  busy = $state(false);
  over = $state(false);
  said = $state('');
  outcome: Record<Id, Outcome> = $state.raw({});
  private stopping: AbortController | null = null;

  /** Asks for a plan; what is shown gets better until the solver has proven it or its seconds are over. */
  async ask(): Promise<void> {
    [this.plan, this.busy, this.over, this.said, this.outcome] = [null, true, false, '', {}];
    this.stopping = new AbortController();
    try {
      for await (const told of stream<Told>('/api/allocation', this.stopping.signal)) {
        [this.plan, this.over, this.at] = [told.plan, told.last, Date.now()];
      }
      this.over = true;
    } catch (e) {
      if (!(e instanceof DOMException)) this.said = words(e);
    } finally {
      this.busy = false;
    }
  }

  /** Enough: the best plan known so far is kept. */
  stop(): void {
    this.stopping?.abort();
    this.over = this.plan !== null;
  }

  drop(): void {
    this.stop();
    [this.plan, this.outcome] = [null, {}];
  }

  /** Holds these lines, each by itself; what changed meanwhile is refused and shown. */
  async hold(chosen: Set<Id>): Promise<void> {
    const lines = (this.plan?.given ?? []).filter((g) => chosen.has(g.request)).map((g) => ({ ...g, key: newKey() }));
    if (!lines.length) return;
    this.busy = true;
    try {
      const done = await send<Held>('/api/allocation/acceptance', { lines });
      this.outcome = { ...this.outcome, ...Object.fromEntries([...done.held, ...done.refused].map((one) => [one.request, one])) };
    } catch (e) {
      this.said = words(e);
    } finally {
      this.busy = false;
    }
  }
}

const words = (e: unknown): string => (e instanceof Refused ? e.problem.detail : say('Pas de réponse : rien n’est confirmé.', 'No answer: nothing is confirmed.'));

/** Persons sheltered, and persons who wait, of one priority level, or of all. */
export function persons(summary: Summary, level?: number): { in: number; of: number } {
  const mine = summary.shares.filter((s) => level === undefined || s.level === level);
  return { in: mine.reduce((n, s) => n + s.persons, 0), of: mine.reduce((n, s) => n + s.of_persons, 0) };
}

/** Who has fewer places by the plan than by first come, first served: by level and side, in persons. */
export function losers(plan: Proposal): { level: number; side: string; less: number }[] {
  const before = new Map(plan.first_fit.shares.map((s) => [`${s.level} ${s.side}`, s.persons]));
  return plan.summary.shares.map((s) => ({ level: s.level, side: s.side, less: (before.get(`${s.level} ${s.side}`) ?? 0) - s.persons })).filter((s) => s.less > 0);
}
