/** A report's parts, for the terminal and as Markdown. */
import { table } from '@ordergraph/scripts/text-table.ts';

export type Section = {
  readonly title: string;
  /** What is measured and how, in a sentence or two. */
  readonly method: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What follows: ratios beside their marks, and what was checked. */
  readonly findings: readonly string[];
};

export function asText({ title, method, header, rows, findings }: Section): string {
  return [
    `${title}\n${method}`,
    table(header, rows),
    ...(findings.length > 0 ? [findings.map((line) => `- ${line}`).join('\n')] : []),
  ].join('\n\n');
}

export function asMarkdown({ title, method, header, rows, findings }: Section): string {
  return [
    `## ${title}`,
    method,
    [
      markdownRow(header),
      markdownRow(header.map((_, column) => (column === 0 ? ':--' : '--:'))),
      ...rows.map(markdownRow),
    ].join('\n'),
    ...(findings.length > 0 ? [findings.map((line) => `- ${line}`).join('\n')] : []),
  ].join('\n\n');
}

function markdownRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
}

/** A measured figure beside its mark, for example `3.1, the mark is at least 4: missed`. */
export function besideMark(
  value: number,
  mark: { readonly atLeast: number } | { readonly atMost: number },
): string {
  const [wording, limit, met] =
    'atLeast' in mark
      ? ['at least', mark.atLeast, value >= mark.atLeast]
      : ['at most', mark.atMost, value <= mark.atMost];
  return `${value.toFixed(2)}; the mark is ${wording} ${limit}: ${met ? 'met' : 'missed'}`;
}
