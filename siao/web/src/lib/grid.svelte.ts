// Whom each priority level is for, as this territory publishes it (/regles); empty where it does not.
import { read } from './api';

interface Published { in_force: number; editions: { version: number; grid: string[] }[] }

class Grid {
  private lines: string[] = $state.raw([]);

  /** Asked once a screen: rules change from one night to the next, and a session does not last so long. */
  async ask(): Promise<void> {
    try {
      const told = await read<Published>('/api/rules');
      this.lines = told.editions.find((one) => one.version === told.in_force)?.grid ?? [];
    } catch {
      this.lines = []; // a level is chosen without it as well
    }
  }

  of = (level: number): string => this.lines[level - 1] ?? '';
}

export const grid = new Grid();
