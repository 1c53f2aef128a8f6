// Where the words of a search are in a text, as in chatd/core/highlight.py; tests/cases/words.json holds both to it.

import {UNSPACED, folded} from "./folding.js";

const AROUND = 60;                  // how many characters a hit shows before the first match

function patternOf(term) {  // A word or a phrase as a pattern for folded text.
  const tokens = folded(term).bare.match(/[\p{L}\p{N}\p{M}]+/gu) || [], all = tokens.join("[^\\p{L}\\p{N}\\p{M}]+");
  const begins = UNSPACED.test([...all][0]) ? "" : "(?<![\\p{L}\\p{N}\\p{M}])";
  const ends = term.endsWith("*") || UNSPACED.test([...all].at(-1)) ? "" : "(?![\\p{L}\\p{N}\\p{M}])";
  return new RegExp(all ? begins + all + ends : "(?!)", "gu");
}

export function contains(what, term) {
  return folded(what).bare.search(patternOf(term)) >= 0;
}

function placesOf(what, terms) {  // Where the terms are, in order and without overlap, and where characters begin.
  const {bare, at} = folded(what), found = terms.flatMap((term) => [...bare.matchAll(patternOf(term))]);
  const places = found.map((match) => [at[match.index], at[match.index + match[0].length]]).sort(([one], [other]) => one - other);
  const merged = [];
  for (const place of places) {
    if (place[0] < merged.at(-1)?.[1]) merged.at(-1)[1] = Math.max(place[1], merged.at(-1)[1]); else merged.push(place);
  }
  return [merged, at];
}

// The part of a text around the first match, in pieces: each with whether it matches.
export function excerpt(what, terms) {
  const [places, at] = placesOf(what, terms);
  const cut = (wish) => at.findLast((place) => place <= wish) || 0;  // Never within a character.
  const first = places[0]?.[0] ?? 0, start = first > 2 * AROUND ? cut(first - AROUND) : 0, stop = cut(start + 4 * AROUND);
  const parts = [[start ? "… " : "", false]];
  let end = start;
  for (const [from, to] of places) {
    if (to > stop) break;
    parts.push([what.slice(end, from), false], [what.slice(from, to), true]);
    end = to;
  }
  parts.push([what.slice(end, stop), false], [stop < what.length ? " …" : "", false]);
  return parts.filter(([text]) => text);
}
