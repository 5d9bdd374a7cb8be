/** Owns: the bar that moves the reader through a run. */

export function Transport() {
  return null;
}
