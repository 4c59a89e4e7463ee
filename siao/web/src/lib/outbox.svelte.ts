// What a shelter said while the network was away: kept in this browser with its keys, shown as not sent, and sent when it can be.
import { newKey, Refused, send, Unknown } from './api';
import type { Id } from './types';

const KEPT = 'siao.outbox';
const KEPT_MAX = 50;
const AGAIN_MS = 4_000;
const KEPT_MS = 12 * 3_600_000;
export interface Unsent { key: string; path: string; body: unknown; words: string; at: number; beds?: Record<Id, string> }

class Outbox {
  waiting: Unsent[] = $state.raw(kept());
  refused = $state('');
  private busy = false;

  constructor() {
    setInterval(() => void this.flush(), AGAIN_MS);
    addEventListener('online', () => void this.flush());
  }

  /** Sends at once if it can; true once the server confirmed. What cannot be sent waits here under its key. */
  async say(path: string, body: unknown, words: string, beds: Record<Id, string> = {}): Promise<boolean> {
    const one: Unsent = { key: newKey(), path, body, words, at: Date.now(), beds };
    this.keep([...this.waiting, one].slice(-KEPT_MAX));
    await this.flush();
    return !this.waiting.some((w) => w.key === one.key);
  }

  /** What was said of a bed and is on its way: the screen shows it as such, not as done. */
  readonly said: Record<Id, string> = $derived(Object.assign({}, ...this.waiting.map((one) => one.beds ?? {})) as Record<Id, string>);

  /** Whoever leaves takes what was unsent along: nobody else's hand may send it. */
  wipe(): void {
    this.keep([]);
    this.refused = '';
  }

  private async flush(): Promise<void> {
    if (this.busy || !this.waiting.length) return;
    this.busy = true;
    try {
      for (const one of [...this.waiting]) {
        try {
          await send(one.path, one.body, 'POST', one.key);
          this.refused = '';
        } catch (e) {
          if (e instanceof Unknown || (e instanceof Refused && e.problem.status === 401)) return;
          this.refused = e instanceof Refused ? `${one.words} : ${e.problem.detail}` : one.words;
        }
        this.keep(this.waiting.filter((w) => w.key !== one.key));
      }
    } finally {
      this.busy = false;
    }
  }

  private keep(waiting: Unsent[]): void {
    this.waiting = waiting;
    localStorage.setItem(KEPT, JSON.stringify(waiting));
  }
}

function kept(): Unsent[] {
  const all = JSON.parse(localStorage.getItem(KEPT) ?? '[]') as Unsent[];
  return all.filter((one) => Date.now() - one.at < KEPT_MS);
}

export const outbox = new Outbox();
