/** Values as JSON.parse makes them, and what is safe to do with them: their keys are chosen by others. */

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sets a property, and never a prototype. */
export function setOwn(target: JsonObject, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value;
  else {
    Object.defineProperty(target, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
}

const inherited: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Whether reading this key of any object finds something: then only an own property counts. */
export function isInherited(key: string): boolean {
  return inherited.has(key);
}

export function own(target: JsonObject, key: string): unknown {
  return isInherited(key) && !Object.hasOwn(target, key) ? undefined : target[key];
}
