/**
 * Owns: a TCP proxy on any `net` module: every connection to it becomes one to the target. The two directions have
 * nothing to do with each other: a FIN on one side becomes a FIN on the other, and what still comes the other way goes on.
 * A reset becomes a reset, and so does a target that cannot be reached.
 *
 * Leaves to others: which addresses, whose net.
 */

/**
 * @param net `tsyn/net`, or Node's own
 * @param target options of `net.connect`: host and port
 * @param farNet the net to reach the target over, where it is another
 * @returns a `net.Server`, not yet listening
 */
export function createProxy(net, target, farNet = net) {
  return net.createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    join(near, farNet.connect({ ...target, allowHalfOpen: true, noDelay: true }));
  });
}

function join(near, far) {
  relay(near, far);
  relay(far, near);
}

/** What `from` says is said to `to`: text, the end of it, and a failure. */
function relay(from, to) {
  // Ends `to` when `from` has said everything, and only then; reads no faster than `to` takes.
  from.pipe(to);
  from.on('error', () => to.resetAndDestroy());
}
