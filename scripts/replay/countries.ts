/** Country names as Online Retail files write them, and the ISO 3166-1 alpha-2 codes that addresses carry. */

/**
 * What the file calls otherwise than the standard does. The last three have no code of their own there: the Channel
 * Islands are sent as Jersey, the European Community under the reserved code EU, and orders of no country under ZZ.
 * No two names share a code, so that revenue per code is revenue per name.
 */
const ownNames: Readonly<Record<string, string>> = {
  EIRE: 'IE',
  RSA: 'ZA',
  USA: 'US',
  'Czech Republic': 'CZ',
  'Hong Kong': 'HK',
  'Channel Islands': 'JE',
  'European Community': 'EU',
  Unspecified: 'ZZ',
};

const codesByName: ReadonlyMap<string, string> = new Map([
  ...standardNames(),
  ...Object.entries(ownNames),
]);
const ownNamesByCode: ReadonlyMap<string, string> = new Map(
  Object.entries(ownNames).map(([name, code]) => [code, name]),
);
const displayNames = new Intl.DisplayNames(['en'], { type: 'region' });

/** The code of a country as the file names it; undefined if it is not known. */
export function countryCodeOf(name: string): string | undefined {
  return codesByName.get(name);
}

/** The name that the file has for a code. */
export function countryNameOf(code: string): string {
  return ownNamesByCode.get(code) ?? displayNames.of(code) ?? code;
}

function standardNames(): [string, string][] {
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');
  const taken = new Set(Object.values(ownNames));
  return letters.flatMap((first) =>
    letters.flatMap((second): [string, string][] => {
      const code = `${first}${second}`;
      // Codes that were given up (UK for GB, FX for FR) have names as well.
      const isCurrent = Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`;
      const name = taken.has(code) || !isCurrent ? undefined : names.of(code);
      return name === undefined ? [] : [[name, code]];
    }),
  );
}
