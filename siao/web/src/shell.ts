// The screens themselves, kept so that they open where no server answers: pages and assets, never an answer of the API.
// Pages come from the server where it answers within WAIT_MS; what it gave last stands in for it.
export {};
declare const self: ServiceWorkerGlobalScope;

const SHELL = 'siao.shell';
const PAGE = '/';
const WAIT_MS = 4_000;
/** A network may answer everything with a page of its own: only ours is kept. */
const OURS = [/<title>siao<\/title>/, /\/assets\/index-[\w-]+\.js/];
const NO_PAGE = /^\/(api|schema|healthz|readyz)(\/|$)/;

self.addEventListener('install', (event) => event.waitUntil(fetch(PAGE).then(keep).then(() => self.skipWaiting())));
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith('/assets/')) event.respondWith(asset(event.request));
  else if (event.request.mode === 'navigate' && !NO_PAGE.test(url.pathname)) event.respondWith(page(event));
});

async function asset(request: Request): Promise<Response> {
  return (await caches.match(request).catch(() => undefined)) ?? fetch(request);
}

async function page(event: FetchEvent): Promise<Response> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), WAIT_MS);
  try {
    const answer = await fetch(event.request, { signal: limit.signal });
    if (answer.ok) event.waitUntil(keep(answer.clone()).catch(() => undefined));
    if (answer.status < 500) return answer;
  } catch {
    // nobody answers
  } finally {
    clearTimeout(timer);
  }
  return (await caches.match(PAGE)) ?? Response.error();
}

/** A page with all that it names; the page last, so that none is kept whose assets did not come. What is of before goes. */
async function keep(answer: Response): Promise<void> {
  const text = await answer.clone().text();
  const [shell, kept] = [await caches.open(SHELL), await caches.match(PAGE)];
  if (!answer.ok || !OURS.every((sign) => sign.test(text)) || (kept && (await kept.text()) === text)) return;
  const named = assets(text);
  await bring(shell, named);
  for (const style of named.filter((name) => name.endsWith('.css'))) {
    const fonts = assets((await (await shell.match(style))?.text()) ?? '').filter((name) => /-latin-wght-/.test(name));
    await bring(shell, fonts);
    named.push(...fonts);
  }
  await shell.put(PAGE, answer);
  const now = new Set([PAGE, ...named]);
  for (const old of await shell.keys()) if (!now.has(new URL(old.url).pathname)) await shell.delete(old);
}

/** Named by what is in it, an asset that is there is the same one. A page in its place is not ours. */
async function bring(shell: Cache, names: string[]): Promise<void> {
  for (const name of names) {
    if (await shell.match(name)) continue;
    const answer = await fetch(name);
    if (!answer.ok || answer.headers.get('Content-Type')?.includes('html')) throw new Error(name);
    await shell.put(name, answer);
  }
}

const assets = (text: string): string[] => [...new Set([...text.matchAll(/\/assets\/[\w.-]+/g)].map(([name]) => name))];
