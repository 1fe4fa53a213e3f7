/**
 * Shows a page of our own when the server cannot be reached. It keeps that page and what it looks like, and nothing else: other
 * pages are somebody's. The build puts hashed names in here, so that this file changes, and is installed anew, when they do.
 */
const PAGE = '/assets/offline.html';
const KEPT = [PAGE, '/assets/atrium.css', '/assets/favicon.svg'];
const CACHE = KEPT.join(' ');

addEventListener('install', event => event.waitUntil(keep()));
addEventListener('activate', event => event.waitUntil(takeOver()));
addEventListener('fetch', event => {
  const { request } = event;
  if (request.mode === 'navigate' && request.method === 'GET') event.respondWith(page(event));
  else if (KEPT.includes(new URL(request.url).pathname)) event.respondWith(file(request));
});

async function keep() {
  const cache = await caches.open(CACHE);
  await cache.addAll(KEPT);
  await skipWaiting();
}

async function takeOver() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  // The request leaves while this worker wakes up.
  await registration.navigationPreload?.enable();
  await clients.claim();
}

async function page(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return (await caches.match(PAGE)) ?? Response.error();
  }
}

async function file(request) {
  return (await caches.match(request)) ?? fetch(request);
}
