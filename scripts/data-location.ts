import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where a development installation keeps its state: `DATA_DIR`, or `.data` in the project. */
export function dataDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const given = environment['DATA_DIR'];
  return given ? resolve(given) : fileURLToPath(new URL('../.data', import.meta.url));
}
