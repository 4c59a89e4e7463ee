// Calls to the server. A write carries a key made here and kept before it is sent: sent again, it has one effect.
import { tongue } from './language.svelte';
import { typeset } from './typeset';
import { rest } from './rest.svelte';
import type { Answer, Problem } from './types';

const TRIES = 4;
const ANSWER_MS = 12_000;
const WHOLE_MS = 60_000;
const PENDING = 'siao.pending';

export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(typeset(problem.detail));
    this.problem = { ...problem, detail: this.message };
  }
}

/** The server could not be reached, or said nothing that can be trusted: what was asked may or may not have happened. */
export class Unknown extends Error {}

const seat: { territory: string | null; shelter: string | null } = { territory: null, shelter: null };

/** From which territory and shelter this screen speaks. */
export function sitAt(territory: string | null, shelter: string | null = null): void {
  Object.assign(seat, { territory, shelter });
}

function address(path: string, query: Record<string, string | number | null | undefined> = {}): string {
  const all = { ...(seat.territory ? { territory: seat.territory } : {}), ...(seat.shelter ? { shelter: seat.shelter } : {}), ...query };
  const given = Object.entries(all).filter(([, v]) => v !== null && v !== undefined && v !== '');
  const text = new URLSearchParams(given.map(([k, v]) => [k, String(v)])).toString();
  return text ? `${path}?${text}` : path;
}

/** An answer, or Unknown after 12 s: a network that swallows everything must not hold the screen. Its body has a minute, but for one
 * that comes line by line. */
async function answer(url: string, init: RequestInit, signal?: AbortSignal, lines = false): Promise<Response> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), ANSWER_MS);
  signal?.addEventListener('abort', () => limit.abort());
  let response: Response;
  try {
    response = await fetch(url, { ...init, signal: limit.signal });
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new Unknown();
  } finally {
    clearTimeout(timer);
  }
  if (!lines) setTimeout(() => limit.abort(), WHOLE_MS);
  if (response.ok || response.status === 304) return response;
  const problem = (await response.json().catch(() => null)) as Problem | null;
  if (response.status >= 500 || !problem) throw new Unknown();
  throw new Refused(problem);
}

async function said<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch {
    throw new Unknown();
  }
}

export async function read<T>(path: string, query: Record<string, string | number | null | undefined> = {}, signal?: AbortSignal): Promise<T> {
  return said(await ask(path, query, {}, signal));
}

/** A read with its headers; 304 comes back as it is. */
export function ask(path: string, query: Record<string, string | number | null | undefined>, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
  return answer(address(path, query), { headers: { 'Accept-Language': tongue.now, ...headers } }, signal);
}

/** A question whose answer comes line by line, each a whole JSON value. */
export async function* stream<T>(path: string, signal: AbortSignal): AsyncGenerator<T> {
  const response = await answer(address(path), { method: 'POST', headers: { 'Accept-Language': tongue.now } }, signal, true);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ''; reader; ) {
    const { value, done } = await reader.read();
    text += value ?? '';
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as T;
    if (done) return;
  }
}

export const newKey = (): string => crypto.randomUUID();

/**
 * One write, sent again under the same key while the network says nothing, or once the password was given where the screen
 * lay at rest. Raises Refused, or Unknown after TRIES.
 */
export async function send<T = Answer>(path: string, body: unknown = {}, method = 'POST', key = newKey()): Promise<T> {
  remember(key);
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        const headers = { 'Content-Type': 'application/json', 'Accept-Language': tongue.now, 'Idempotency-Key': key };
        const response = await answer(address(path), { method, headers, body: JSON.stringify(body) });
        return response.status === 204 ? (undefined as T) : await said<T>(response);
      } catch (e) {
        if (e instanceof Refused && e.problem.code === 'idle' && (await rest.password())) continue;
        if (!(e instanceof Unknown) || attempt + 1 >= TRIES) throw e;
        await new Promise((done) => setTimeout(done, 300 * 2 ** attempt * (0.5 + Math.random())));
      }
    }
  } finally {
    forget(key);
  }
}

// The keys under way, and nothing else: neither what nor where, so nothing of a household is written down in a browser.
const pending = new Set<string>();

/** Whether the page before, closed or thrown away, left a write without its answer. Asked once, before this one writes. */
export function cut(): boolean {
  const left = sessionStorage.getItem(PENDING) !== null;
  sessionStorage.removeItem(PENDING);
  return left;
}

function remember(key: string): void {
  pending.add(key);
  keep();
}

function forget(key: string): void {
  pending.delete(key);
  keep();
}

function keep(): void {
  if (pending.size) sessionStorage.setItem(PENDING, JSON.stringify([...pending]));
  else sessionStorage.removeItem(PENDING);
}
