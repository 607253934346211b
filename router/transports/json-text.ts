/**
 * JSON that a client sent. A megabyte of brackets takes the parser a tenth of a second and leaves a million objects, so
 * that what is nested deeper than anybody needs is refused before it is parsed.
 */
import { tooComplex } from '../limits.ts';

/** More than the limit on variables, which is what a client is told of first. */
const depthMax = 1_000;

const [quote, backslash] = [0x22, 0x5c];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * @returns undefined if the text is no JSON
 * @throws QUERY_TOO_COMPLEX if it is nested too deep
 */
export function parsedJson(text: string): unknown {
  // So short a text cannot be so deep.
  if (text.length > depthMax && isTooDeep(text)) {
    // Brackets that nobody closes are no JSON.
    if (/[\]}]\s*$/.test(text.slice(-64))) throw tooComplex();
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfText(text, at);
    else if (code === openList || code === openObject) depth += 1;
    else if (code === closeList || code === closeObject) depth -= 1;
    if (depth > depthMax) return true;
  }
  return false;
}

/** The place of the quote that ends a text, or the end of everything. */
function endOfText(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === backslash) at += 1;
    else if (code === quote) return at;
  }
  return text.length;
}
