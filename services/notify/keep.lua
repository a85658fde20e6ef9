#!lua flags=allow-oom
-- Keep what the sender knows of its digests, if it still holds the lease.
-- It may, where the memory is full: what follows from the log is bounded by it, and the log takes nothing more then.
--
-- KEYS[1] lease    string      the sender's token
-- KEYS[2] planned  string      id of the last alert that went into a digest
-- KEYS[3] digests  hash        digest id -> encoded digest
-- KEYS[4] pending  set         ids of the digests that are not done
-- KEYS[5] grouped  hash        alert id -> digest id
-- KEYS[6] dead     stream      deliveries given up
-- ARGV[1] MessagePack: {token, planned or "", digests, grouped, dead}
--   digests  [id, encoded, done] each
--   grouped  [alert id, digest id] each
--   dead     JSON each
--
-- Returns 1; or 0, with nothing written, where another sender holds the lease.
local keep = cmsgpack.unpack(ARGV[1])
if redis.call('GET', KEYS[1]) ~= keep[1] then return 0 end
if keep[2] ~= '' then redis.call('SET', KEYS[2], keep[2]) end
for _, digest in ipairs(keep[3]) do
  redis.call('HSET', KEYS[3], digest[1], digest[2])
  redis.call(digest[3] and 'SREM' or 'SADD', KEYS[4], digest[1])
end
for _, pair in ipairs(keep[4]) do redis.call('HSET', KEYS[5], pair[1], pair[2]) end
for _, letter in ipairs(keep[5]) do redis.call('XADD', KEYS[6], '*', 'e', letter) end
return 1
