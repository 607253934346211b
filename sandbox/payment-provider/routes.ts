import type { IncomingHttpHeaders } from 'node:http';
import { found, json, problem, type Answer } from './answer.ts';
import type { LoggedEvent } from './event-log.ts';
import type { Ledger } from './ledger.ts';
import { listed, pageSizeDefault, pageSizeMax, parseCount } from './listing.ts';
import type { Provider } from './provider.ts';
import { parseChargeRequest, parseIdempotencyKey, parseRefundRequest } from './requests.ts';
import { settlementCsv, settlementJson, settlementRows } from './settlement.ts';
import { webhookBody } from './webhooks.ts';

export type Call = {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

type Route = {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  /** `param` is what the path's group caught. */
  readonly answer: (call: Call, param: string) => Answer | Promise<Answer>;
};

const redeliveriesMax = 1000;

/** A day that exists, written like 2026-01-31. */
function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}

function settlement(ledger: Ledger, day: string, format: string): Answer {
  if (!isDay(day)) {
    return problem({
      status: 400,
      code: 'invalid_date',
      message: 'The date must be a day like 2026-01-31.',
      param: 'date',
    });
  }
  const rows = settlementRows(ledger, day);
  if (format === 'csv')
    return { kind: 'stream', contentType: 'text/csv; charset=utf-8', pieces: settlementCsv(rows) };
  const complete = day < new Date().toISOString().slice(0, 10);
  return {
    kind: 'stream',
    contentType: 'application/json',
    pieces: settlementJson(rows, day, complete),
  };
}

async function createCharge(provider: Provider, call: Call): Promise<Answer> {
  const key = parseIdempotencyKey(call.headers['idempotency-key']);
  if (!key.ok) return problem(key.problem);
  const request = parseChargeRequest(call.body);
  if (!request.ok) return problem(request.problem);
  const created = await provider.createCharge(request.value, key.value);
  if (!created.ok) return problem(created.problem);
  const { charge, replayed, answer } = created.value;
  switch (answer) {
    case 'never':
      return { kind: 'never' };
    case 'serverError':
      return problem({
        status: 500,
        code: 'internal_error',
        message: 'Something went wrong on our side.',
        param: null,
      });
    case 'charge':
      return { kind: 'json', status: replayed ? 200 : 201, body: JSON.stringify(charge), replayed };
    default:
      return answer satisfies never;
  }
}

async function createRefund(provider: Provider, call: Call): Promise<Answer> {
  const key = parseIdempotencyKey(call.headers['idempotency-key']);
  if (!key.ok) return problem(key.problem);
  const request = parseRefundRequest(call.body);
  if (!request.ok) return problem(request.problem);
  const created = await provider.createRefund(request.value, key.value);
  if (!created.ok) return problem(created.problem);
  const { refund, replayed } = created.value;
  return { kind: 'json', status: replayed ? 200 : 201, body: JSON.stringify(refund), replayed };
}

async function cancelCharge(provider: Provider, id: string): Promise<Answer> {
  const canceled = await provider.cancelCharge(id);
  return canceled.ok ? json(200, canceled.value) : problem(canceled.problem);
}

const eventView = ({ event, state }: LoggedEvent): object => ({
  ...JSON.parse(webhookBody(event)),
  state,
});

function newestEvents(ledger: Ledger, query: URLSearchParams): Answer {
  const limit = parseCount(query, 'limit', { fallback: pageSizeDefault, max: pageSizeMax });
  if (!limit.ok) return problem(limit.problem);
  return json(200, { object: 'list', data: ledger.events.newest(limit.value).map(eventView) });
}

function redeliver(provider: Provider, query: URLSearchParams, eventId: string): Answer {
  const times = parseCount(query, 'times', { fallback: 1, max: redeliveriesMax });
  if (!times.ok) return problem(times.problem);
  const event = provider.redeliver(eventId, times.value);
  return event.ok ? json(202, { id: eventId, times: times.value }) : problem(event.problem);
}

/** The whole HTTP interface, one line each. */
const routeTable = (ledger: Ledger, provider: Provider): readonly Route[] => [
  { method: 'POST', path: /^\/v1\/charges$/, answer: (call) => createCharge(provider, call) },
  {
    method: 'GET',
    path: /^\/v1\/charges$/,
    answer: ({ query }) => listed(query, ledger.chargeByKey, ledger.chargesAfter),
  },
  {
    method: 'GET',
    path: /^\/v1\/charges\/(\w+)$/,
    answer: (_call, id) => found(ledger.charge(id)),
  },
  {
    method: 'POST',
    path: /^\/v1\/charges\/(\w+)\/cancel$/,
    answer: (_call, id) => cancelCharge(provider, id),
  },
  { method: 'POST', path: /^\/v1\/refunds$/, answer: (call) => createRefund(provider, call) },
  {
    method: 'GET',
    path: /^\/v1\/refunds$/,
    answer: ({ query }) => listed(query, ledger.refundByKey, ledger.refundsAfter),
  },
  {
    method: 'GET',
    path: /^\/v1\/refunds\/(\w+)$/,
    answer: (_call, id) => found(ledger.refund(id)),
  },
  {
    method: 'GET',
    path: /^\/v1\/settlements\/([^/]{1,40})\.csv$/,
    answer: (_call, day) => settlement(ledger, day, 'csv'),
  },
  {
    method: 'GET',
    path: /^\/v1\/settlements\/([^/]{1,40})\.json$/,
    answer: (_call, day) => settlement(ledger, day, 'json'),
  },
  {
    method: 'GET',
    path: /^\/sandbox\/events$/,
    answer: ({ query }) => newestEvents(ledger, query),
  },
  {
    method: 'POST',
    path: /^\/sandbox\/redeliver\/(\w+)$/,
    answer: ({ query }, id) => redeliver(provider, query, id),
  },
];

/** Answers a call whose key was already checked. */
export function createRoutes(
  ledger: Ledger,
  provider: Provider,
): (call: Call) => Answer | Promise<Answer> {
  const routes = routeTable(ledger, provider);
  return (call) => {
    let knowsPath = false;
    for (const { method, path, answer } of routes) {
      const match = path.exec(call.path);
      if (match === null) continue;
      if (method === call.method) return answer(call, match[1] ?? '');
      knowsPath = true;
    }
    return knowsPath
      ? problem({
          status: 405,
          code: 'method_not_allowed',
          message: 'This path has no such method.',
          param: null,
        })
      : problem({ status: 404, code: 'not_found', message: 'There is no such path.', param: null });
  };
}
