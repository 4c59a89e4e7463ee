// One command from a button: busy until the board shows what it did, and in words what was refused. Confirmed only by the server's answer.
import { Refused, send } from './api';
import type { Feed } from './feed.svelte';
import { say } from './language.svelte';

export class Deed {
  busy = $state(false);
  wrong = $state('');
  /** The code of the last refusal, where a screen has a way out of it. */
  code = $state('');
  /** Whether the server said nothing: what was asked may have happened or not. */
  lost = $state(false);

  constructor(private readonly feed: () => Feed) {}

  async do(path: string, body: unknown = {}): Promise<boolean> {
    if (this.busy) return false;
    [this.busy, this.wrong, this.code, this.lost] = [true, '', '', false];
    try {
      await this.feed().shows(await send(path, body));
      return true;
    } catch (e) {
      this.lost = !(e instanceof Refused);
      this.code = e instanceof Refused ? e.problem.code : '';
      this.wrong = e instanceof Refused ? e.problem.detail : say('Pas de réponse du serveur : rien n’est confirmé. Réessayer, ou appeler.', 'No answer: nothing is confirmed. Try again, or call.');
      return false;
    } finally {
      this.busy = false;
    }
  }
}
