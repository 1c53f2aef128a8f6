// The service worker: where the server cannot be reached, it says so in place of the browser, and tries again.
// It keeps no copy of the page, so that nobody is ever shown an old one.

const HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};
const OFFLINE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>chatd cannot be reached</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="5">
<style>
  html { font: 16px/1.5 system-ui, sans-serif; height: 100%; display: grid; place-items: center; background: light-dark(#f5f6f4, #141716); color: light-dark(#1b211f, #e3e8e6); }
  body { max-width: 26rem; padding: 24px; }
  h1 { font-size: 1.5rem; }
  a { color: light-dark(#0b6e63, #5fd0bb); font-weight: 600; }
</style>
<main>
  <h1>The chat cannot be reached</h1>
  <p>You are offline, the server is away, or its certificate is not valid any more. What you have written is kept, and sent when it is back.</p>
  <p>This page tries again every five seconds. <a href="">Try now</a></p>
</main>`;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.mode !== "navigate") return;
  event.respondWith(fetch(event.request).catch(() => new Response(OFFLINE, {status: 503, headers: HEADERS})));
});
