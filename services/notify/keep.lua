#!lua flags=allow-oom
-- Save the state of the sender's digests, if it still holds the lease.
-- Allowed when the memory is full: derived data is bounded by the log, and the log accepts nothing more then.
--
-- KEYS[1] lease    string      the sender's token
-- KEYS[2] planned  string      place of the last alert that is in a digest
-- KEYS[3] digests  hash        digest id -> encoded digest
-- KEYS[4] pending  set         ids of the digests with deliveries left
-- KEYS[5] grouped  hash        alert id -> digest id
-- KEYS[6] dead     stream      deliveries that have failed for good
-- ARGV[1] MessagePack: {token, planned or "", digests, grouped, dead}
--   digests  [id, encoded, done] each
--   grouped  [alert id, digest id] each
--   dead     JSON each
--
-- Returns 1; or 0, with nothing written, where another sender holds the lease.
local lease_key, planned_key, digests_key, pending_key, grouped_key, dead_key = unpack(KEYS)
local token, planned, digests, grouped, dead = unpack(cmsgpack.unpack(ARGV[1]))
if redis.call('GET', lease_key) ~= token then return 0 end
if planned ~= '' then redis.call('SET', planned_key, planned) end
for _, digest in ipairs(digests) do
  local id, encoded, done = unpack(digest)
  redis.call('HSET', digests_key, id, encoded)
  redis.call(done and 'SREM' or 'SADD', pending_key, id)
end
for _, pair in ipairs(grouped) do
  local alert, digest = unpack(pair)
  redis.call('HSET', grouped_key, alert, digest)
end
for _, letter in ipairs(dead) do redis.call('XADD', dead_key, '*', 'e', letter) end
return 1
