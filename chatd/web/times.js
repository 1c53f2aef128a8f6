// Times as people type them, as in chatd/core/when.py.

export const CLOCK = "\\d\\d?:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?(?:Z|[+-]\\d\\d:?\\d\\d)?", DAY = "\\d{4}-\\d\\d-\\d\\d";  // as patterns
const WHOLE_CLOCK = new RegExp(`^${CLOCK}$`), WHOLE_DAY = new RegExp(`^${DAY}$`);

// The time at the beginning of some words, and the words after it: a day and a clock time are two words.
export function takeTime([first, second = "", ...rest]) {
  if (WHOLE_DAY.test(first) && WHOLE_CLOCK.test(second)) return [`${first} ${second}`, rest];
  return [first, second ? [second, ...rest] : []];
}

export function withZone(what) {  // People write times in their own zone; the server may be in another one.
  const today = new Date().toLocaleDateString("sv");  // As 2026-11-23.
  const iso = what.trim().replace(/\s+/, "T").replace(/(^|T)(?=\d:)/, "$10");
  const full = WHOLE_CLOCK.test(iso) ? `${today}T${iso}` : WHOLE_DAY.test(iso) ? `${iso}T00:00` : iso;
  const when = new Date(full);
  return isNaN(when) ? what : when.toISOString();
}
