// The screens themselves, kept so that they open where no server answers: pages and assets, never an answer of the API.
// Pages come from the server where it answers within WAIT_MS; what it gave last stands in for it.
export {};
declare const self: ServiceWorkerGlobalScope;

const SHELL = 'siao.shell';
const PAGE = '/';
const WAIT_MS = 4_000;
const NO_PAGE = /^\/(api|docs|healthz|readyz)(\/|$)/;

self.addEventListener('install', (event) => event.waitUntil(fetch(PAGE).then(keep).then(() => self.skipWaiting())));
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith('/assets/')) event.respondWith(caches.match(event.request).then((kept) => kept ?? fetch(event.request)));
  else if (event.request.mode === 'navigate' && !NO_PAGE.test(url.pathname)) event.respondWith(page(event));
});

async function page(event: FetchEvent): Promise<Response> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), WAIT_MS);
  try {
    const answer = await fetch(event.request.url, { signal: limit.signal, credentials: 'same-origin' });
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
  if (!answer.ok || (kept && (await kept.text()) === text)) return;
  const named = assets(text);
  await shell.addAll(named);
  for (const style of named.filter((name) => name.endsWith('.css'))) {
    const fonts = assets((await (await shell.match(style))?.text()) ?? '').filter((name) => /-latin-wght-/.test(name));
    await shell.addAll(fonts);
    named.push(...fonts);
  }
  await shell.put(PAGE, answer);
  const now = new Set([PAGE, ...named]);
  for (const old of await shell.keys()) if (!now.has(new URL(old.url).pathname)) await shell.delete(old);
}

const assets = (text: string): string[] => [...new Set([...text.matchAll(/\/assets\/[\w.-]+/g)].map(([name]) => name))];
