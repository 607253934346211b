/** `token-bucket.ts` in Lua: one call reads, fills, takes and keeps a bucket. It ends when it would be full. */
import { redisScript, type RedisScript } from '../redis-calls.ts';

/** The server's own clock: those of routers differ. */
const serverClock = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)`;

/**
 * Arguments: capacity, refill per second, what is settled and what is asked, in cost units. Returns whether it was
 * admitted (1 or 0), what is left in thousandths of a unit, and the milliseconds until it would be admitted.
 */
const taking = `
local capacity = tonumber(ARGV[1]) * 1000
local refill = tonumber(ARGV[2])
local settle = tonumber(ARGV[3]) * 1000
local ask = tonumber(ARGV[4]) * 1000
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(kept[1]) or capacity
local at = tonumber(kept[2]) or now
tokens = math.min(capacity, tokens + math.max(0, now - at) * refill)
tokens = math.min(capacity, math.max(-capacity, tokens - settle))
local needed = math.min(ask, capacity)
local admitted = 0
local retry = 0
if tokens >= needed then
  admitted = 1
  tokens = math.max(-capacity, tokens - ask)
else
  retry = math.ceil((needed - tokens) / refill)
end
if tokens >= capacity then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'tokens', string.format('%.0f', tokens), 'at', string.format('%.0f', math.max(now, at)))
  redis.call('PEXPIRE', KEYS[1], math.ceil((capacity - tokens) / refill) + 1000)
end
return { admitted, string.format('%.0f', tokens), string.format('%.0f', retry) }`;

/** @param clock Lua that sets `now` to epoch milliseconds */
export function bucketScript(clock = serverClock): RedisScript {
  return redisScript(clock + taking);
}
