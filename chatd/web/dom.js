// Making and finding elements, and doing things at the end of a turn.

export const OWN = ".said:not([data-seq])";  // one's own messages without a seq: not acknowledged yet, refused, or private
export const $ = (id) => document.getElementById(id);
export const log = $("log"), text = $("text");

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function hue(nick) {
  let hash = 2166136261;
  for (const c of nick.toLowerCase()) hash = Math.imul(hash ^ c.codePointAt(0), 16777619) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  return ((hash ^ (hash >>> 13)) >>> 0) % 36 * 10;
}

export function coloured(element, nick) {
  element.style.setProperty("--hue", hue(nick));
  return element;
}

export const face = (nick, size = "") => coloured(make("span", {className: `face ${size}`, ariaHidden: "true"}, [...nick][0] || "?"), nick);

export function announce(what) {
  $("live").append(make("p", {}, what));
  while ($("live").children.length > 5) $("live").firstChild.remove();
}

export const narrow = matchMedia("(max-width: 760px)");
let planned = new Set();

export function atEndOfTurn(what) {  // Do it once at the end of the turn, however often it is requested.
  if (!planned.size) setTimeout(() => { const now = planned; planned = new Set(); for (const one of now) one(); });
  planned.add(what);
}

export function arrange(list, items, build, update) {
  const old = new Map([...list.children].map((li) => [li.dataset.key, li]));
  let at = list.firstElementChild;
  for (const [key, item] of items) {
    let li = old.get(key);
    if (!li) { li = build(item, key); li.dataset.key = key; }
    old.delete(key);
    update(li, item, key);
    if (li === at) at = at.nextElementSibling; else list.insertBefore(li, at);
  }
  for (const li of old.values()) li.remove();
}
