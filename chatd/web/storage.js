// The storage of this tab and of the browser. A browser may forbid it: then nothing is remembered.

export function stored(storage, key, value) {
  try {  // A browser may forbid storage; then nothing is saved.
    if (value === undefined) return JSON.parse(storage().getItem(key));
    storage().setItem(key, JSON.stringify(value));
  } catch { }
  return null;
}

export const thisTab = () => sessionStorage, everyTab = () => localStorage;
export const random = (bytes) => [...crypto.getRandomValues(new Uint8Array(bytes))].map((b) => b.toString(16).padStart(2, "0")).join("");
