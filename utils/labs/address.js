// The state of a lab in the address of its page: #state:letters=ABC&resets=3,7&stateful=0
//
// What is not named there is as the lab starts. Besides settings it may hold `question`, the name of
// one of the lab's questions; and from a teacher: `ask`, a question of their own, and `hide`, names
// of controls and tabs.

/** Read an address, or return null where it is not that of this lab. Values are not checked here. */
export function readAddress(hash, { name, address, start }) {
  if (!hash.startsWith(`#${name}:`)) return null;
  const given = new URLSearchParams(hash.slice(name.length + 2));
  const settings = { ...start };
  for (const [key, setting] of Object.entries(address)) {
    if (given.has(key)) settings[setting] = readValue(given.get(key), start[setting]);
  }
  const hide = (given.get("hide") ?? "").split(",").filter(Boolean);
  return { settings, hide, ask: given.get("ask") ?? "", question: given.get("question") ?? "" };
}

function readValue(written, example) {
  if (typeof example === "boolean") return written === "1";
  if (typeof example === "number") return written.trim() && Number.isFinite(Number(written)) ? Number(written) : example;
  if (Array.isArray(example)) return written.split(",").filter((part) => part.trim()).map(Number);
  return written;
}

/** Write the address of these settings: what differs from the start, and what a teacher has added. */
export function writeAddress(settings, { hide = [], ask = "" }, { name, address, start }) {
  const written = new URLSearchParams();
  for (const [key, setting] of Object.entries(address)) {
    const value = settings[setting];
    if (String(value) === String(start[setting])) continue;
    written.set(key, typeof value === "boolean" ? String(Number(value)) : String(value));
  }
  if (hide.length) written.set("hide", hide.join());
  if (ask) written.set("ask", ask);
  return `#${name}:${written.toString().replaceAll("%2C", ",")}`;
}
