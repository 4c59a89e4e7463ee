// What a shelter said while the network was away: kept in this browser with its keys, shown as not sent, and sent when it can be.
import { newKey, Refused, send, Unknown } from './api';
import type { Id } from './types';

const KEPT = 'siao.outbox';
const KEPT_MAX = 50;
const AGAIN_MS = 4_000;
const KEPT_MS = 12 * 3_600_000;
export interface Unsent { key: string; post: string; path: string; body: unknown; words: string; at: number; beds?: Record<Id, string> }

class Outbox {
  /** Whose post this screen is at; what was said at another waits until somebody sits there again. */
  post = $state('');
  private all: Unsent[] = $state.raw(kept());
  readonly waiting = $derived(this.all.filter((one) => one.post === this.post));
  refused = $state('');
  private flushing: Promise<void> | null = null;

  constructor() {
    setInterval(() => void this.flush(), AGAIN_MS);
    addEventListener('online', () => void this.flush());
  }

  /** Sends at once if it can; true once the server confirmed. What cannot be sent waits here under its key. */
  async say(path: string, body: unknown, words: string, beds: Record<Id, string> = {}): Promise<boolean> {
    const one: Unsent = { key: newKey(), post: this.post, path, body, words, at: Date.now(), beds };
    this.refused = '';
    this.keep([...this.all, one].slice(-KEPT_MAX));
    await this.flush();
    return !this.all.some((w) => w.key === one.key);
  }

  /** What was said of a bed and is on its way: the screen shows it as such, not as done. */
  readonly said: Record<Id, string> = $derived(Object.assign({}, ...this.waiting.map((one) => one.beds ?? {})) as Record<Id, string>);

  /** Whoever leaves takes what was unsent along: nobody else's hand may send it. */
  wipe(): void {
    this.keep([]);
    this.refused = '';
  }

  /** What is said while another is on its way leaves right after it. */
  private flush(): Promise<void> {
    this.flushing ??= this.empty().finally(() => (this.flushing = null));
    return this.flushing;
  }

  private async empty(): Promise<void> {
    for (let one = this.waiting[0]; one; one = this.waiting[0]) {
      const { key, path, body, words } = one;
      try {
        await send(path, body, 'POST', key);
      } catch (e) {
        if (e instanceof Unknown || (e instanceof Refused && e.problem.status === 401)) return;
        this.refused = e instanceof Refused ? `${words}\u00a0: ${e.problem.detail}` : words;
      }
      this.keep(this.all.filter((w) => w.key !== key));
    }
  }

  private keep(all: Unsent[]): void {
    this.all = all;
    localStorage.setItem(KEPT, JSON.stringify(all));
  }
}

function kept(): Unsent[] {
  const all = JSON.parse(localStorage.getItem(KEPT) ?? '[]') as Unsent[];
  return all.filter((one) => Date.now() - one.at < KEPT_MS);
}

export const outbox = new Outbox();
