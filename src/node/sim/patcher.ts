/**
 * Owns: putting things in the place of others, and back. Where somebody else has put a third thing there meanwhile, that stays.
 */

interface Replaced {
  readonly target: object;
  readonly key: PropertyKey;
  readonly original: PropertyDescriptor | undefined;
  readonly replacement: PropertyDescriptor;
}

export class Patcher {
  readonly #replaced: Replaced[] = [];
  readonly #inherited: { readonly Class: object; readonly Real: object }[] = [];

  /** Puts a value where `target` has one: as enumerable as that was. Nothing happens where `target` does not know the name. */
  replace(target: object, key: PropertyKey, value: unknown): void {
    const original = Object.getOwnPropertyDescriptor(target, key);
    if (original === undefined) return;
    this.define(target, key, {
      value,
      enumerable: original.enumerable ?? false,
      writable: true,
      configurable: true,
    });
  }

  /** The same with functions that are made of those in their place, by name. */
  wrap(target: object, makers: Readonly<Record<string, (real: never) => unknown>>): void {
    for (const [name, make] of Object.entries(makers)) {
      const real = (target as Record<string, unknown>)[name];
      if (typeof real === 'function') this.replace(target, name, named(make(real as never), name, real.length));
    }
  }

  /** Gives `target` a property, which it need not have had. Nothing happens where it does not let go of the one it has. */
  define(target: object, key: PropertyKey, replacement: PropertyDescriptor): void {
    const original = Object.getOwnPropertyDescriptor(target, key);
    let allowed = replacement;
    if (original?.configurable === false) {
      if (!original.writable || !('value' in replacement)) return;
      allowed = { ...original, value: replacement.value };
    }
    Object.defineProperty(target, key, allowed);
    this.#replaced.push({ target, key, original, replacement: allowed });
  }

  /** Has a class whose `super` is called with `new` inherit from another. What it has inherited stays. */
  inherit(Class: object, Base: object): void {
    this.#inherited.push({ Class, Real: Object.getPrototypeOf(Class) as object });
    Object.setPrototypeOf(Class, Base);
  }

  /** Puts everything back. */
  restore(): void {
    for (const { Class, Real } of this.#inherited.splice(0).reverse()) Object.setPrototypeOf(Class, Real);
    for (const { target, key, original, replacement } of this.#replaced.splice(0).reverse()) {
      const present = Object.getOwnPropertyDescriptor(target, key);
      if (present?.value !== replacement.value || present?.get !== replacement.get) continue;
      if (original === undefined) Reflect.deleteProperty(target, key);
      else Object.defineProperty(target, key, original);
    }
  }
}

/** A function that looks like the one it stands for. */
function named(value: unknown, name: string, length: number): unknown {
  if (typeof value !== 'function') return value;
  Object.defineProperty(value, 'name', { value: name, configurable: true });
  Object.defineProperty(value, 'length', { value: length, configurable: true });
  return value;
}
