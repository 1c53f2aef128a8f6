// The storage of this tab and of the browser. A browser may forbid it: then nothing is remembered. What is in it may be of
// another version of the page, or of another program: what has not the shape that is expected is ignored.

export function store(storage, key, value) {
  try { storage().setItem(key, JSON.stringify(value)); } catch { }
}

export function stored(storage, key, shape) {
  let what;
  try { what = JSON.parse(storage().getItem(key)); } catch { }
  return shaped(what, shape);
}

// What of a value has this shape: a default, whose type it has; String or Number, if there has to be one; [a shape] of any
// number of elements; {"*": a shape} under any names; or fields, beside which there may be others. Undefined, if there is
// not what has to be there.
function shaped(what, shape) {
  if (typeof shape === "function") return typeof what === typeof shape() ? what : undefined;
  if (Array.isArray(shape)) return Array.isArray(what) ? what.map((one) => shaped(one, shape[0])).filter((one) => one !== undefined) : [];
  if (typeof shape !== "object") return typeof what === typeof shape ? what : shape;
  const fields = what && typeof what === "object" && !Array.isArray(what) ? what : {}, any = shape["*"];
  const all = Object.keys(any ? fields : shape).map((key) => [key, shaped(fields[key], any || shape[key])]);
  const found = all.filter(([, one]) => one !== undefined);
  if (any) return Object.fromEntries(found);
  return found.length < all.length ? undefined : {...fields, ...Object.fromEntries(found)};
}

export const thisTab = () => sessionStorage, everyTab = () => localStorage;
export const random = (bytes) => [...crypto.getRandomValues(new Uint8Array(bytes))].map((b) => b.toString(16).padStart(2, "0")).join("");
