/** What a person can do about it, by the line to type. */
export type Remedy = { variable: string; url: string; brew: string; apt: string };

/** A server that can be had on this machine in no way: not from a package, and not on PATH. */
export class ProgramMissing extends Error {
  override name = 'ProgramMissing';
  readonly wanted: string;
  readonly reasons: string[];
  readonly remedy: Remedy;

  constructor(wanted: string, reasons: string[], remedy: Remedy) {
    super(explanation([{ wanted, reasons, remedy }]));
    this.wanted = wanted;
    this.reasons = reasons;
    this.remedy = remedy;
  }
}

/** One explanation for all the servers that are missing, with the lines that bring all of them. */
export function explanation(
  missing: Pick<ProgramMissing, 'wanted' | 'reasons' | 'remedy'>[],
): string {
  const remedies = missing.map(({ remedy }) => remedy);
  return [
    `This machine has no ${missing.map(({ wanted }) => wanted).join(', and no ')}:`,
    ...missing.flatMap(({ reasons }) => reasons.map((reason) => `  - ${reason}`)),
    'Any of these helps:',
    `  macOS            brew install ${remedies.map(({ brew }) => brew).join(' ')}`,
    ...remedies.map(({ apt }) => `  Debian, Ubuntu   ${apt}`),
    '  Docker           docker compose up -d postgres nats redis',
    `                   export ${remedies.map(({ variable, url }) => `${variable}=${url}`).join(' ')}`,
  ].join('\n');
}
