-- Switch a projection to a newly folded generation, if nothing was saved in the meantime.
--
-- KEYS[1]   checkpoint  hash  generation, position, version, mark
-- KEYS[2..]             hash, string  rows and timelines of the previous generation and of interrupted rebuilds, dropped
--                       on success
-- ARGV      expected generation, expected position, new generation, version, expected mark
--
-- Returns 1, or 0 with nothing written. Repeated, because the reply was lost, it returns 1 again: on 0 the caller drops
-- the rows that it folded.
local checkpoint = KEYS[1]
local generation, position, new_generation, version, mark = unpack(ARGV)
local saved_generation, saved_position, saved_mark =
  unpack(redis.call('HMGET', checkpoint, 'generation', 'position', 'mark'))
if saved_generation == new_generation then return 1 end
if (saved_generation or '0') ~= generation or (saved_position or '0') ~= position then return 0 end
if (saved_mark or '') ~= mark then return 0 end
redis.call('HSET', checkpoint, 'generation', new_generation, 'position', position, 'version', version)
redis.call('UNLINK', unpack(KEYS, 2))
return 1
