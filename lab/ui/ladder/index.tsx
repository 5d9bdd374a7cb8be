/** Owns: the ladder's region. */

export function Ladder() {
  return null;
}
