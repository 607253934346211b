/**
 * Names of the spans of operations, as GraphQL's semantic conventions have them: `query Name`. Backends count spans by name,
 * and operations are named by whoever sends them; so only so many names are ever used, and then the type alone.
 */
const namesMax = 1_000;
const lengthMax = 64;

export class OperationNames {
  readonly #used = new Set<string>();

  spanName(type: string, operationName: string | undefined): string {
    if (type === 'unknown') return 'GraphQL Operation';
    if (operationName === undefined || operationName.length > lengthMax) return type;
    const name = `${type} ${operationName}`;
    if (this.#used.has(name)) return name;
    if (this.#used.size >= namesMax) return type;
    this.#used.add(name);
    return name;
  }
}
