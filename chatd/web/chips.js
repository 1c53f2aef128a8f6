// The filters of a search as buttons: those in the query are pressed, others are offered.

import {$, make} from "./dom.js";
import {search} from "./search.js";
import {state} from "./state.js";

const FILTER = /(?:^|\s)(in|from|before|after):(\S+)/giu;
const WEEK = 7 * 24 * 3600e3;

function offered(query, hits) {
  const has = (name) => new RegExp(`(?:^|\\s)${name}:`, "iu").test(query), found = [];
  if (!has("in") && state.current?.room) found.push(`in:${state.current.key}`);
  if (!has("after") && !has("before")) found.push(`after:${new Date(Date.now() - WEEK).toLocaleDateString("sv")}`);  // As 2026-11-23.
  if (!has("from")) found.push(...[...new Set(hits.map((event) => event.nick))].slice(0, 3).map((nick) => `from:${nick}`));
  return found;
}

const LABELS = {in: "in", from: "from", before: "before", after: "since"};

function chip(filter, pressed) {
  const [name, value] = [filter.slice(0, filter.indexOf(":")), filter.slice(filter.indexOf(":") + 1)];
  const button = make("button", {type: "button", ariaPressed: String(pressed)}, `${LABELS[name.toLowerCase()]} `, make("bdi", {}, value));
  button.onclick = () => {
    const query = $("words").value;
    search(pressed ? query.replace(filter, "").replace(/\s+/gu, " ") : `${query} ${filter}`);
  };
  return button;
}

export function showChips(hits = []) {
  const query = $("words").value, given = [...query.matchAll(FILTER)].map(([, name, value]) => `${name}:${value}`);
  $("chips").replaceChildren(...given.map((filter) => chip(filter, true)), ...offered(query, hits).map((filter) => chip(filter, false)));
}
