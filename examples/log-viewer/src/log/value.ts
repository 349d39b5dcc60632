/** A value that React can follow with `useSyncExternalStore`. */
export class Value<T> {
  #current: T;
  #listeners = new Set<() => void>();

  constructor(initial: T) {
    this.#current = initial;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get = (): T => this.#current;

  set(next: T): void {
    if (Object.is(next, this.#current)) return;
    this.#current = next;
    for (const listener of this.#listeners) listener();
  }
}
