// The evening as lines: where they run, and where their labels stand without covering each other. Pure.
export interface Step { at: string; asked: number; met: number; closed: number }
export interface Evening { opened_at: string; closes_at: string; steps: Step[]; nights: number; ahead: { at: string; asked: number }[] }
export interface Drawn {
  width: number; asked: string; met: string; waiting: string; ahead: string; now: number; last: Step; end: { x: number; y: number; asked: number } | null;
  ticks: { x: number; hour: string }[]; lines: { y: number; n: number }[]; labels: { y: number; what: 'asked' | 'waiting' | 'met' }[]; left: boolean;
}

export const HEIGHT = 208;
const LEFT = 30, RIGHT = 12, TOP = 18, BOTTOM = 22, GAP = 15, LABEL = 126;
const HOUR_MS = 3_600_000;
/** From 04:00 to 17:00 little is asked: after that the evening alone is drawn, from what had added up by then. */
const EVENING_MS = 13 * HOUR_MS;

export function drawn(evening: Evening, width: number, hour: (at: number) => string): Drawn | null {
  const last = evening.steps.at(-1);
  if (!last) return null;
  const ms = (at: string): number => new Date(at).getTime();
  const opens = ms(evening.opened_at), closes = ms(evening.closes_at), now = ms(last.at);
  const late = now >= opens + EVENING_MS;
  const from = late ? opens + EVENING_MS : opens;
  const steps = evening.steps.filter((s) => ms(s.at) >= from);
  const most = round(Math.max(4, last.asked, evening.ahead.at(-1)?.asked ?? 0));
  const x = (at: number): number => LEFT + ((at - from) / (closes - from)) * (width - LEFT - RIGHT);
  const y = (n: number): number => HEIGHT - BOTTOM - (n / most) * (HEIGHT - TOP - BOTTOM);
  const line = (of: (s: Step) => number): string => steps.map((s) => `${x(ms(s.at)).toFixed(1)},${y(of(s)).toFixed(1)}`).join(' ');
  const end = evening.ahead.at(-1);
  const every = late ? 3 * HOUR_MS : 4 * HOUR_MS;
  return {
    width, asked: line((s) => s.asked), met: line((s) => s.met), now: x(now), last, left: x(now) > width - LABEL,
    waiting: `${line((s) => s.asked)} ${line((s) => s.closed).split(' ').reverse().join(' ')}`,
    ahead: evening.ahead.map((a) => `${x(ms(a.at)).toFixed(1)},${y(a.asked).toFixed(1)}`).join(' '),
    end: end ? { x: x(closes), y: y(end.asked), asked: Math.round(end.asked) } : null,
    ticks: Array.from({ length: Math.floor((closes - from) / every) + 1 }, (_, i) => from + i * every).map((at) => ({ x: x(at), hour: hour(at) })),
    lines: [0, 1, 2, 3, 4].map((i) => ({ y: y((most / 4) * i), n: (most / 4) * i })),
    labels: apart([{ y: y(last.asked), what: 'asked' }, { y: y((last.asked + last.closed) / 2), what: 'waiting' }, { y: y(last.met), what: 'met' }]),
  };
}

/** The next of 4, 8, 20, 40, 80, 200 and so on that is enough: its quarters are whole. */
export function round(n: number): number {
  for (let ten = 1; ; ten *= 10) for (const one of [4, 8, 12, 20]) if (one * ten >= n) return one * ten;
}

/** From above to below, each at least a line under the one before, and the last within the picture. */
function apart(labels: Drawn['labels']): Drawn['labels'] {
  const down: Drawn['labels'] = [];
  for (const one of labels) down.push({ ...one, y: Math.max(one.y, (down.at(-1)?.y ?? TOP - GAP) + GAP) });
  const over = Math.max(0, (down.at(-1)?.y ?? 0) - (HEIGHT - BOTTOM));
  return down.map((one) => ({ ...one, y: one.y - over }));
}
