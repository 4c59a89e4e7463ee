// Signing out where no server answers: this browser is empty at once, and the session ends with the first answer, before anybody is
// let in by it.
const KEPT = 'siao.left';
const ANSWER_MS = 12_000;

export const left = (): boolean => localStorage.getItem(KEPT) !== null;
export const leave = (): void => localStorage.setItem(KEPT, 'yes');
export const back = (): void => localStorage.removeItem(KEPT);

/** One try, never sent again: by then another may have signed in here. */
export async function ended(): Promise<boolean> {
  const answer = await fetch('/api/session', { method: 'DELETE', keepalive: true, signal: AbortSignal.timeout(ANSWER_MS) }).catch(() => null);
  if (answer?.status !== 204 && answer?.status !== 401) return false;
  back();
  return true;
}

/** Somebody signed out in another tab of this browser. */
export function elsewhere(then: () => void): void {
  addEventListener('storage', (event) => { if (event.key === KEPT && event.newValue !== null) then(); });
}
