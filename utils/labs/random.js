// Random numbers, the same ones for the same seed; lab.py draws the same.

/** Numbers from 0 up to 1: mulberry32, a small generator with 32 bits of state. */
export function randomNumbers(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Put `order` in a new order (Fisher and Yates), and return it. */
export function shuffle(order, random) {
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** The numbers below `count` in an order drawn from `seed`. */
export const shuffledOrder = (count, seed) => shuffle([...Array(count).keys()], randomNumbers(seed));
