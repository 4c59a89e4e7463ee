// What lies over a screen or is unfolded in it, and the page before. Escape closes the layer that came last and nothing below it;
// Back, which on a telephone is the only way a hand knows, closes that too, and goes to the page before where nothing lies over it.
interface Layer { close: () => void; page: boolean }

const open: Layer[] = [];
/** A step of the browser's history that this module asked for, and that is no hand's. */
let going = false;
let settling = false;

const depth = (): number => (history.state as { layers?: number } | null)?.layers ?? 0;

/** The history is as deep as there are layers: one entry each, made right after the tap that opened it, else browsers skip it. */
function settle(): void {
  settling = false;
  if (going) return;
  const deep = depth();
  if (deep > open.length) {
    going = true;
    history.go(open.length - deep);
  }
  for (let at = deep + 1; at <= open.length; at++) history.pushState({ layers: at }, '');
}

/** After all that one tap does: a layer closed and another opened by it need no step at all. */
function soon(): void {
  if (!settling) setTimeout(settle);
  settling = true;
}

function shut(layer: Layer | undefined): void {
  if (!layer) return;
  open.splice(open.indexOf(layer), 1);
  layer.close();
  soon();
}

addEventListener('popstate', () => {
  if (going) going = false;
  else for (let left = open.length - depth(); left > 0; left--) shut(open.at(-1));
  soon();
});

addEventListener('keydown', (event) => {
  const top = open.findLast((layer) => !layer.page);
  if (event.key !== 'Escape' || !top) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  shut(top);
}, { capture: true });

// What is shown again is as high as it was left; a browser that scrolls by itself moves a button under a finger.
history.scrollRestoration = 'manual';
soon(); // loaded again, the history is deeper than the screen

function stand(layer: Layer): () => void {
  open.push(layer);
  soon();
  return () => {
    const at = open.indexOf(layer);
    if (at < 0) return;
    open.splice(at, 1);
    soon();
  };
}

/** Something that lies over the rest, or is unfolded: Escape and Back close it. Gives the way to say that it is gone. */
export const layer = (close: () => void): (() => void) => stand({ close, page: false });

/** A page that was gone to: Back alone leaves it. */
export const page = (back: () => void): (() => void) => stand({ close: back, page: true });
