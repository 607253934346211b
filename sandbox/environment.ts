export type Environment = Readonly<Record<string, string | undefined>>;

/** All faults of a configuration, one a line; the process should say them and exit with code 2. */
export class ConfigurationError extends Error {
  constructor(faults: readonly string[]) {
    super(`The configuration is not usable:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'ConfigurationError';
  }
}

/**
 * Reads variables one by one, remembers what is wrong with each, and `finish` throws all of it together. Until then
 * a faulty variable reads as its fallback. An empty variable counts as absent.
 */
export function createEnvironmentReader(environment: Environment) {
  const faults: string[] = [];
  const present = (name: string): string | undefined => environment[name] || undefined;

  return {
    text: (name: string, fallback: string): string => present(name) ?? fallback,
    optionalText: present,
    requiredText(name: string): string {
      const text = present(name);
      if (text === undefined) faults.push(`${name} is missing`);
      return text ?? '';
    },
    requiredHttpUrl(name: string): string {
      const text = present(name);
      if (text === undefined) faults.push(`${name} is missing`);
      else if (!/^https?:$/.test(URL.parse(text)?.protocol ?? ''))
        faults.push(`${name} must be an http(s) URL`);
      return text ?? '';
    },
    integer(
      name: string,
      { fallback, min, max }: { fallback: number; min: number; max: number },
    ): number {
      const text = present(name);
      if (text === undefined) return fallback;
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      if (value >= min && value <= max) return value;
      faults.push(`${name} must be an integer from ${min} to ${max}`);
      return fallback;
    },
    finish(): void {
      if (faults.length > 0) throw new ConfigurationError(faults);
    },
  };
}
