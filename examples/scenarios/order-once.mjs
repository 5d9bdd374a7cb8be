/**
 * The story of `order-twice.mjs` with its bug mended: each order has a key, by which the shop knows that it has it already.
 *
 *   tsyn sim examples/scenarios/order-once.mjs --seeds 200
 */

import { order } from './order-twice.mjs';

export default {
  name: 'order-once',
  description: 'an order is sent again after a reset, and made once',
  deadline: 600_000,
  run: async (sim) => order(sim, true),
};
