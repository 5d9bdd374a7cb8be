/** Owns: the one error of the lab. */

/** An input that makes no sense. `code` is `ERR_LAB_INPUT`, and `message` says where and why. */
export class LabError extends Error {
  readonly code = 'ERR_LAB_INPUT';
  override readonly name = 'LabError';
}
