// Where something else comes to stand under the finger by itself, the second half of a double click meant what was there before.
// For half a second a pointer finds nothing there; keys do.
const SETTLE_MS = 500;

interface Settling { update: (next: unknown) => void; destroy: () => void }

function settling(node: HTMLElement): { begin: () => void; end: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = (): void => clearTimeout(timer);
  const begin = (): void => {
    end();
    node.style.pointerEvents = 'none';
    timer = setTimeout(() => (node.style.pointerEvents = ''), SETTLE_MS);
  };
  return { begin, end };
}

/** `use:settled={what}`: after `what` has changed. */
export function settled(node: HTMLElement, what: unknown): Settling {
  let was = what;
  const { begin, end } = settling(node);
  return { update: (next) => { if (next !== was) begin(); was = next; }, destroy: end };
}

/** `use:appeared`: after it has come to stand over what was there. */
export function appeared(node: HTMLElement): Pick<Settling, 'destroy'> {
  const { begin, end } = settling(node);
  begin();
  return { destroy: end };
}
