// What a shelter said while the network was away: kept in this browser with its keys, shown as not sent, and sent when it can be.
import { newKey, Refused, send, Unknown } from './api';

const KEPT = 'siao.outbox';
const KEPT_MAX = 50;
const AGAIN_MS = 4_000;
export interface Unsent { key: string; path: string; body: unknown; words: string; at: number }

class Outbox {
  waiting: Unsent[] = $state.raw(JSON.parse(localStorage.getItem(KEPT) ?? '[]') as Unsent[]);
  refused = $state('');
  private busy = false;

  constructor() {
    setInterval(() => void this.flush(), AGAIN_MS);
    addEventListener('online', () => void this.flush());
  }

  /** Sends at once if it can; true once the server confirmed. What cannot be sent waits here under its key. */
  async say(path: string, body: unknown, words: string): Promise<boolean> {
    const one = { key: newKey(), path, body, words, at: Date.now() };
    this.keep([...this.waiting, one].slice(-KEPT_MAX));
    await this.flush();
    return !this.waiting.some((w) => w.key === one.key);
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

export const outbox = new Outbox();
