/**
 * Values of an operation's variables, as the specification coerces them. The library's own function does the same, but
 * writes the whole value into the message of each error: a megabyte of unknown fields takes it more than a second and ten
 * megabytes. Here messages are short whatever was given, and nothing is looked at after the tenth error.
 */
import { badUserInput } from '@ordergraph/platform/errors.ts';
import {
  coerceInputValue,
  isInputType,
  isNonNullType,
  typeFromAST,
  valueFromAST,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type VariableDefinitionNode,
} from 'graphql';
import { RequestRefused } from './errors.ts';
import type { Variables } from './request.ts';

const errorsMax = 10;
const messageCharactersMax = 200;

/**
 * @param suggestions whether messages may name fields and values that the client did not give
 * @throws RequestRefused with BAD_USER_INPUT for each of the first errors
 */
export function coercedVariables(
  { variableDefinitions = [] }: OperationDefinitionNode,
  given: Variables,
  { schema, suggestions }: { readonly schema: GraphQLSchema; readonly suggestions: boolean },
): Variables {
  const messages: string[] = [];
  const note = (message: string): void => {
    messages.push(shortened(message));
    if (messages.length === errorsMax) throw refused(messages);
  };
  const coerced: Record<string, unknown> = {};
  for (const definition of variableDefinitions) {
    const name = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type);
    // Validation has seen to it.
    if (!isInputType(type)) throw new Error(`the variable ${name} has no input type`);
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined && !isNonNullType(type) && !definition.defaultValue) continue;
    coerced[name] =
      value === undefined && definition.defaultValue
        ? valueFromAST(definition.defaultValue, type)
        : coercedValue({ definition, type, value, suggestions }, note);
  }
  if (messages.length > 0) throw refused(messages);
  return coerced;
}

type Given = {
  readonly definition: VariableDefinitionNode;
  readonly type: GraphQLInputType;
  readonly value: unknown;
  readonly suggestions: boolean;
};

function coercedValue(
  { definition, type, value, suggestions }: Given,
  note: (message: string) => void,
): unknown {
  const name = `Variable "$${definition.variable.name.value}"`;
  if (isNonNullType(type) && (value === undefined || value === null)) {
    const fault = value === null ? 'must not be null' : 'was not provided';
    return note(`${name} of required type "${String(type)}" ${fault}.`);
  }
  return coerceInputValue(
    value,
    type,
    (path, _invalid, { message }) => {
      const place = path.map((key) => `.${key}`).join('');
      note(`${name}${place === '' ? '' : ` at "${shortened(place.slice(1))}"`}: ${message}`);
    },
    !suggestions,
  );
}

function refused(messages: readonly string[]): RequestRefused {
  return new RequestRefused(messages.map((message) => badUserInput(message)));
}

function shortened(message: string): string {
  return message.length <= messageCharactersMax
    ? message
    : `${message.slice(0, messageCharactersMax)}…`;
}
