// A screen at rest: after half an hour without a hand on it the board stays live, and decisions wait for the password.
import { Refused, send } from './api';
import { say } from './language.svelte';

export const REST_MS = 30 * 60_000;
const TOLD_EVERY_MS = 4 * 60_000;

class Rest {
  /** The password is wanted now. */
  wanted = $state(false);
  /** A decision waits for it. */
  held = $state(false);
  private touchedAt = Date.now();
  private toldAt = Date.now();
  private waiting: ((given: boolean) => void)[] = [];

  /** From now on hands on this screen are noticed, and told to the server every few minutes. Gives the way to stop. */
  watch(): () => void {
    [this.touchedAt, this.toldAt] = [Date.now(), Date.now()];
    const timer = setInterval(() => this.look(), 15_000);
    for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, this.touched, { passive: true });
    return () => {
      clearInterval(timer);
      for (const kind of ['pointerdown', 'keydown']) removeEventListener(kind, this.touched);
      this.leave();
    };
  }

  private touched = (): void => {
    if (Date.now() - this.touchedAt < REST_MS) this.touchedAt = Date.now();
    else this.wanted = true;
  };

  private look(): void {
    if (Date.now() - this.touchedAt > REST_MS) this.wanted = true;
    else if (this.touchedAt > this.toldAt && Date.now() - this.toldAt > TOLD_EVERY_MS) {
      this.toldAt = Date.now();
      void fetch('/api/session/presence', { method: 'POST' }).catch(() => undefined);
    }
  }

  /** Asks for the password in place; true once it was given, false where it was not. */
  password(): Promise<boolean> {
    [this.wanted, this.held] = [true, true];
    return new Promise((done) => this.waiting.push(done));
  }

  /** Gives the password; the words of a refusal, or nothing. */
  async wake(password: string): Promise<string> {
    try {
      await send('/api/session', { password }, 'PUT');
    } catch (e) {
      return e instanceof Refused ? e.problem.detail : say('Le serveur ne répond pas. Réessayer.', 'The server does not answer. Try again.');
    }
    [this.touchedAt, this.toldAt] = [Date.now(), Date.now()];
    this.settle(true);
    return '';
  }

  leave(): void {
    this.settle(false);
  }

  private settle(given: boolean): void {
    [this.wanted, this.held] = [false, false];
    for (const done of this.waiting.splice(0)) done(given);
  }
}

export const rest = new Rest();
