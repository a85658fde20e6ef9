#!lua flags=allow-oom
-- Record the use of sessions; one that was ended meanwhile has no such field any more, and gets none.
-- Allowed when the memory is full: a new instant is as long as the former one, and who reads must not be signed out.
--
-- KEYS[1] sessions:used  hash    id -> instant of the last use
-- ARGV     the instant, then the ids
local used, now = KEYS[1], ARGV[1]
for number = 2, #ARGV do
  if redis.call('HGET', used, ARGV[number]) then
    redis.call('HSET', used, ARGV[number], now)
  end
end
