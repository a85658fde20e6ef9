#!lua flags=allow-oom
-- Replace the record of a session by one that shows a later use, unless it was ended or refreshed meanwhile.
-- Allowed when the memory is full: the new record is as long as the former one, and who reads must not be signed out.
--
-- KEYS[1] sessions  hash    id -> record
-- ARGV     id, the record as it was read, the new record
local sessions, id, known, fresh = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
if redis.call('HGET', sessions, id) == known then
  redis.call('HSET', sessions, id, fresh)
end
