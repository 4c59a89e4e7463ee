// A network that swallows everything and closes nothing, or brings it too late, under 1,000 screens: none may call fresh what is older
// than 13 s.
// The screens are the browser's own feed.svelte.ts, bundled as for the browser; the clock and the network are this test's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCREENS = 1_000, STEP_MS = 10, SWALLOWED_AT = 12_000, BACK_AT = 30_000, END = 55_000, END_LATE = 75_000;
const LEASE_MS = 12_000, OLDEST_MS = 13_000, TOP_AGE_MS = 1_000, COMMIT_MS = 700;
const EPOCH = 'e';

interface Screen { start(): void; stop(): void; fresh: boolean; plans: Map<string, { id: string; level: number }> }
type Bundle = { Feed: new (query: Record<string, string>) => Screen };

/** feed.svelte.ts with all it stands on; `broken` may change a source on its way. */
async function bundled(broken: (code: string) => string = (code) => code): Promise<Bundle> {
  const [{ build }, { svelte }] = await Promise.all([import('vite'), import('@sveltejs/vite-plugin-svelte')]);
  const entry = fileURLToPath(new URL('./feed.svelte.ts', import.meta.url));
  const made = (await build({
    configFile: false, logLevel: 'silent', root: fileURLToPath(new URL('../..', import.meta.url)),
    plugins: [{ name: 'broken', enforce: 'pre', transform: broken }, svelte()],
    build: { write: false, minify: false, target: 'es2022', lib: { entry, formats: ['es'] } },
  })) as unknown as { output: { code: string }[] }[];
  return (await import(`data:text/javascript,${encodeURIComponent(made[0]!.output[0]!.code)}`)) as Bundle;
}

let seed = 115;
const dice = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;

/** Time that passes when it is told to: the timers, each a little late as a browser's are, and the clocks that read it. */
class Time {
  now = 0;
  private due = new Map<number, { at: number; every: number; what: () => void }>();
  private n = 0;

  set = (what: () => void, ms = 0, every = 0): number => (this.due.set(++this.n, { at: this.now + Math.max(ms, 1), every, what }), this.n);
  clear = (id: number | undefined): void => void this.due.delete(id ?? 0);

  run(until: number): void {
    this.now = until;
    for (const [id, one] of [...this.due]) {
      if (one.at > until || !this.due.has(id)) continue;
      if (one.every) one.at += one.every + dice() * 20;
      else this.due.delete(id);
      one.what();
    }
  }
}

/** A server that answers as live.py does, and a network with a hole in it; where `late`, what falls in comes out so many ms later. */
class World {
  private late: number | null;
  time = new Time();
  lines = new Set<Line>();

  constructor(late: number | null) {
    this.late = late;
  }

  /** One commit each 700 ms. */
  seq = (at = this.time.now): number => Math.floor(Math.max(0, at) / COMMIT_MS);
  swallows = (): boolean => this.time.now >= SWALLOWED_AT && this.time.now < BACK_AT;

  /** What arrives later, `after` what was sent before it, unless the hole is there when it leaves or when it would arrive. */
  carry(what: () => void, after = 0): number {
    const at = Math.max(after, this.time.now + 2 + dice() * 40 + (this.swallows() ? this.late ?? 0 : 0));
    if (this.late !== null) this.time.set(what, at - this.time.now);
    else if (!this.swallows()) this.time.set(() => this.swallows() || what(), at - this.time.now);
    return at;
  }

  frame = (from: number): object => {
    const rows = { plans: [{ id: 'one', level: this.seq() }] };
    return { t: 'frame', epoch: EPOCH, whole: from < 0, from, to: this.seq(), rows, gone: {}, news: [] };
  };

  /** The top as the database said it within the last second. */
  top = (): number => this.seq(this.time.now - dice() * TOP_AGE_MS);

  tell(): void {
    for (const line of this.lines) line.down(this.frame(this.seq() - 1));
  }

  fetch = (_: string, init: RequestInit): Promise<Response> =>
    new Promise((resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(new Error('given up')));
      this.carry(() => {
        const top = `${EPOCH}:${this.top()}`;
        const text = JSON.stringify(this.frame(-1));
        this.carry(() => resolve(new Response(text, { headers: { 'siao-top': top } })));
      });
    });
}

let world: World;

class Line {
  static OPEN = 1;
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  private arrives = 0;

  constructor(url: string) {
    const since = Number(new URL(url).searchParams.get('since')!.split(':')[1]);
    world.carry(() => {
      world.lines.add(this);
      this.arrives = world.carry(() => ((this.readyState = Line.OPEN), this.onopen?.()));
      if (since < world.seq()) this.down(world.frame(since));
    });
  }

  /** In order, as TCP has it. */
  down(message: object): void {
    const text = JSON.stringify(message);
    this.arrives = world.carry(() => this.readyState === Line.OPEN && this.onmessage?.({ data: text }), this.arrives + 1);
  }

  send(text: string): void {
    const { ping } = JSON.parse(text) as { ping: number };
    world.carry(() => this.down({ t: 'pong', n: ping, epoch: EPOCH, top: world.top() }));
  }

  close(): void {
    this.readyState = 3;
    world.lines.delete(this);
  }
}

interface Seen { stale: number; late: number; freshBefore: number; freshAfter: number; freshInTheHole: number }

/** All is well, then nothing arrives for 18 s, or nothing in time, then all is well again. */
async function played(bundle: Bundle, end: number): Promise<Seen> {
  const { time } = world;
  const screens = Array.from({ length: SCREENS }, () => new bundle.Feed({}));
  screens.forEach((screen) => time.set(() => screen.start(), dice() * 5_000));
  const seen: Seen = { stale: 0, late: 0, freshBefore: 0, freshAfter: 0, freshInTheHole: 0 };
  for (let now = STEP_MS, seq = 0; now <= end; now += STEP_MS) {
    time.run(now);
    await new Promise((resolve) => setImmediate(resolve));
    if (world.seq() > seq) (seq = world.seq()), world.tell();
    if (now % 100) continue;
    const fresh = screens.filter((screen) => screen.fresh);
    seen.stale += fresh.filter((screen) => (screen.plans.get('one')?.level ?? -1) < world.seq(now - OLDEST_MS)).length;
    if (now > SWALLOWED_AT + LEASE_MS && now < BACK_AT) seen.late += fresh.length;
    if (now === SWALLOWED_AT) seen.freshBefore = fresh.length;
    if (now === SWALLOWED_AT + 5_000) seen.freshInTheHole = fresh.length;
    if (now === end) seen.freshAfter = fresh.length;
  }
  screens.forEach((screen) => screen.stop());
  return seen;
}

/** The browser's own names, ours while `what` runs. */
async function under(late: number | null, what: () => Promise<Seen>): Promise<Seen> {
  world = new World(late);
  const { time } = world;
  const nothing = (): void => undefined;
  const ours: Record<string, unknown> = {
    setTimeout: time.set, clearTimeout: time.clear, setInterval: (f: () => void, ms: number) => time.set(f, ms, ms), clearInterval: time.clear,
    performance: { now: () => time.now }, Date: { now: () => time.now }, WebSocket: Line, fetch: world.fetch,
    addEventListener: nothing, removeEventListener: nothing, localStorage: { getItem: () => null, setItem: nothing },
    location: { origin: 'http://here' }, document: { addEventListener: nothing, removeEventListener: nothing, hidden: false },
  };
  const theirs = Object.fromEntries(Object.keys(ours).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
  for (const [name, value] of Object.entries(ours)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  try {
    return await what();
  } finally {
    for (const [name, before] of Object.entries(theirs)) {
      if (before) Object.defineProperty(globalThis, name, before);
      else delete (globalThis as Record<string, unknown>)[name];
    }
  }
}

/** A bundle is read with the browser's names in place: language.svelte.ts looks into the storage at once. */
const play = async (end: number, broken?: (code: string) => string, late: number | null = null): Promise<Seen> => {
  Object.assign(globalThis, { localStorage: { getItem: () => null, setItem: () => undefined } });
  const bundle = await bundled(broken);
  return under(late, () => played(bundle, end));
};

test('a network that swallows everything greys each of 1,000 screens within 12 s, and each comes back', async () => {
  const seen = await play(END);
  assert.equal(seen.freshBefore, SCREENS, 'a screen that is never fresh would prove nothing');
  assert.ok(seen.freshInTheHole > SCREENS / 2, 'nor one that greys at the first silence');
  assert.equal(seen.stale, 0);
  assert.equal(seen.late, 0);
  assert.equal(seen.freshAfter, SCREENS);
});

/** One way; there and back it is always more than the lease. At the first, frames still come, one after the other, each too late. */
const LATE_MS = [6_500, 12_500] as const;

for (const late of LATE_MS) {
  test(`answers that come ${2 * late} ms after their question renew no lease, and each screen comes back`, async () => {
    const seen = await play(END_LATE, undefined, late);
    assert.equal(seen.freshBefore, SCREENS);
    assert.equal(seen.stale, 0);
    assert.equal(seen.late, 0);
    assert.equal(seen.freshAfter, SCREENS);
  });
}

for (const [what, from, to, late] of [
  ['a lease that is too long', '= 12_000', '= 12_500', null],
  ['a screen that believes its open socket', 'performance.now() + TICK_MS < this.leaseUntil', 'this.socket !== null', null],
  ['a lease that counts from when the answer came', 'sent + LEASE_MS', 'performance.now() + LEASE_MS', LATE_MS[0]],
] as const) {
  test(`${what} is caught`, async () => {
    let found = false;
    const seen = await play(BACK_AT, (code) => ((found ||= code.includes(from)), code.replaceAll(from, to)), late);
    assert.ok(found, 'there is nothing to break any more');
    assert.ok(seen.stale + seen.late > 0);
  });
}
