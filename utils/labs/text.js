// Words, letters and numbers as text. Nothing here knows of a page.

export const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Fill a template: fill("{n} letters", {n: 3}) gives "3 letters". */
export const fill = (template, values) =>
  template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));

/** Lay some words over others: what is missing in `above` stays as it is below. */
export function overlay(below, above) {
  if (typeof below !== "object" || typeof above !== "object" || Array.isArray(below)) return above ?? below;
  return Object.fromEntries(
    [...new Set([...Object.keys(below), ...Object.keys(above)])].map((key) => [key, overlay(below[key], above[key])]),
  );
}

/** Keep the letters A to Z of what was typed, at most `limit`; count what was left out. */
export function readLetters(typed, limit = Infinity) {
  const found = [...typed.toUpperCase()].filter((character) => ALPHABET.includes(character));
  const kept = found.slice(0, limit).join("");
  return { kept, strange: [...typed].length - found.length, surplus: found.length - kept.length };
}

/** What a reader is told about typed letters: some left out, too many, or none. "" if all is well. */
export function aboutLetters(text, { kept, strange, surplus }) {
  return [
    strange ? fill(text.strange, { n: strange }) : "",
    surplus ? fill(text.surplus, { n: kept.length }) : "",
    kept ? "" : text.empty,
  ].filter(Boolean).join(" ");
}

/** Round as Python's f"{value:.{digits}f}" would print it, without "-0.00". */
export function short(value, digits = 3) {
  const written = value.toFixed(digits);
  return Number(written) === 0 ? (0).toFixed(digits) : written;
}

/** Numbers that follow each other, as ranges: [1, 2, 3, 7] gives "1–3, 7". */
export function ranges(numbers) {
  const parts = [];
  for (const number of numbers) {
    const last = parts[parts.length - 1];
    if (last?.[1] === number - 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([from, to]) => (from === to ? from : `${from}–${to}`)).join(", ");
}

/** A whole number within its limits; `fallback` for what is none. */
export const within = (value, low, high, fallback = low) =>
  Number.isFinite(value) ? Math.min(high, Math.max(low, Math.round(value))) : fallback;

/** One of several values, or the first of them. */
export const oneOf = (value, values) => (values.includes(value) ? value : values[0]);
