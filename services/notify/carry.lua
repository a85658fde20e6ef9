#!lua flags=allow-oom
-- Carry over what the version before the record kept, a batch at a time, if the caller holds the lease.
--
-- KEYS[1] lease      string  the sender's token
-- KEYS[2] carried    string  id of the last alert of that version that is in the record
-- KEYS[3] reached    string  number of the last entry of the record whose alert is in a digest
-- KEYS[4] outbox     hash    digest id -> encoded digest
-- KEYS[5] pending    set     ids of the digests with deliveries left
-- KEYS[6] failed     set     ids of the digests with parts in the dead letters
-- KEYS[7] unreached  set     ids of the digests whose recipient had no channel
-- KEYS[8] record     stream  the ledger's record
-- KEYS[9] known      hash    alert id -> number of its entry in the record
-- ARGV[1] MessagePack: {token, expected, alerts, digests}
--   expected  the id of the last alert that was carried over, as far as the caller knows, "" for none
--   alerts    [id, bytes, planned] each: `planned` if it is in a digest
--   digests   as digest.lua has them; one that is there already stays as it is
--
-- Returns 1; or 0, with nothing written, where another instance holds the lease or has carried over more.
--@include ../../events/record.lua
--@include digest.lua
local token, expected, alerts, digests = unpack(cmsgpack.unpack(ARGV[1]))
if redis.call('GET', KEYS[1]) ~= token or (redis.call('GET', KEYS[2]) or '') ~= expected then return 0 end
for _, alert in ipairs(alerts) do
  local id, bytes, planned = unpack(alert)
  record_alert(KEYS[8], KEYS[9], id, bytes)
  if planned then redis.call('SET', KEYS[3], redis.call('HGET', KEYS[9], id)) end
  redis.call('SET', KEYS[2], id)
end
for _, digest in ipairs(digests) do
  if redis.call('HEXISTS', KEYS[4], digest[1]) == 0 then save_digest({KEYS[4], KEYS[5], KEYS[6], KEYS[7]}, digest) end
end
return 1
