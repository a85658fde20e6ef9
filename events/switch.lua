-- Switch a projection to a newly folded generation, if nothing was saved in the meantime.
--
-- KEYS[1]   checkpoint  hash  generation, position, version
-- KEYS[2..] rows        hash  the rows of the generation that is left and of unfinished ones, dropped on success
-- ARGV      generation, position (both as expected), new generation, version
--
-- Returns 1, or 0 with nothing written. Sent again, as where the answer was lost, it finds itself done: 1, as a caller
-- that is told 0 drops the rows that it folded.
local saved = redis.call('HMGET', KEYS[1], 'generation', 'position')
if saved[1] == ARGV[3] then return 1 end
if (saved[1] or '0') ~= ARGV[1] or (saved[2] or '0') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'generation', ARGV[3], 'position', ARGV[2], 'version', ARGV[4])
redis.call('UNLINK', unpack(KEYS, 2))
return 1
