#!lua flags=allow-oom
-- Take one of the messages that a channel may be sent within a time, by the server's clock.
--
-- KEYS[1] duban:limit:<channel>  sorted set  message -> when its attempt ended (began, while it is under way), in
--                                            milliseconds; `rest` -> until when the channel rests
-- ARGV[1] take | ended; ARGV[2] the message; ARGV[3] messages; ARGV[4] milliseconds; ARGV[5] milliseconds of rest
--
-- take returns 0 where the message may be sent now, else the milliseconds to wait before asking again. A message that was
-- taken already may be sent: the answer was lost. ended counts the time from the end of the attempt on, as the message
-- may have arrived only then, and lets the channel rest.
local key, now = KEYS[1], redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local command, message, messages, span, rest = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local resting = tonumber(redis.call('ZSCORE', key, 'rest') or 0)
if command == 'ended' then
  redis.call('ZADD', key, now, message)
  if rest > 0 then redis.call('ZADD', key, math.max(resting, now + rest), 'rest') end
  redis.call('PEXPIRE', key, math.max(span, rest, resting - now) + 1000)
  return 0
end
if redis.call('ZSCORE', key, message) then return 0 end
if resting > now then return resting - now end
redis.call('ZREM', key, 'rest')
redis.call('ZREMRANGEBYSCORE', key, '-inf', now - span)
if redis.call('ZCARD', key) >= messages then
  return tonumber(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]) + span - now + 1
end
redis.call('ZADD', key, now, message)
redis.call('PEXPIRE', key, span + 1000)
return 0
