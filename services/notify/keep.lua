#!lua flags=allow-oom
-- Save the state of the sender's digests and record what changed it, if the sender still holds the lease.
-- Allowed when the memory is full: derived data is bounded by the log, and the log accepts nothing more then.
--
-- KEYS[1]  lease      string  the sender's token
-- KEYS[2]  change     string  id of the last change that was saved
-- KEYS[3]  reached    string  number of the last entry of the record that the sender has read
-- KEYS[4]  digests    hash    digest id -> encoded digest
-- KEYS[5]  pending    set     ids of the digests with deliveries left
-- KEYS[6]  failed     set     ids of the digests with parts in the dead letters
-- KEYS[7]  unreached  set     ids of the digests whose recipient had no channel
-- KEYS[8]  grouped    hash    alert id -> digest id
-- KEYS[9]  groups     hash    group -> id of its latest digest
-- KEYS[10] letters    hash    digest id -> encoded letter
-- KEYS[11] channels   hash    channel -> encoded health
-- KEYS[12] obeyed     string  id of the last order that was carried out
-- KEYS[13] record     stream  the ledger's record
-- KEYS[14] known      hash    alert id -> number of its entry in the record
-- ARGV[1] MessagePack: {token, change, reached, digests, grouped, groups, letters, channels, obeyed or "", entries}
--   change   the id of this change: one that was saved already, and is sent again as its answer was lost, changes nothing
--   digests  as digest.lua has them
--   grouped  [alert id, digest id] each
--   groups   [group, digest id] each
--   letters  [digest id, encoded] each, "" to remove it
--   entries  [alert id or "", bytes] each; an alert that is known is not recorded again
--
-- Returns 1; or 0, with nothing written, where another sender holds the lease.
--@include ../../events/record.lua
--@include digest.lua
local token, change, reached, digests, grouped, groups, letters, channels, obeyed, entries =
  unpack(cmsgpack.unpack(ARGV[1]))
if redis.call('GET', KEYS[1]) ~= token then return 0 end
local saved = redis.call('GET', KEYS[2]) == change
redis.call('SET', KEYS[2], change) -- also then: replicas confirm only what was written
if saved then return 1 end
redis.call('SET', KEYS[3], reached)
for _, digest in ipairs(digests) do save_digest({KEYS[4], KEYS[5], KEYS[6], KEYS[7]}, digest) end
for _, pair in ipairs(grouped) do redis.call('HSET', KEYS[8], pair[1], pair[2]) end
for _, pair in ipairs(groups) do redis.call('HSET', KEYS[9], pair[1], pair[2]) end
for _, letter in ipairs(letters) do
  local id, encoded = unpack(letter)
  if encoded == '' then redis.call('HDEL', KEYS[10], id) else redis.call('HSET', KEYS[10], id, encoded) end
end
for _, channel in ipairs(channels) do redis.call('HSET', KEYS[11], channel[1], channel[2]) end
if obeyed ~= '' then redis.call('SET', KEYS[12], obeyed) end
for _, entry in ipairs(entries) do
  local id, bytes = unpack(entry)
  if id == '' then append_record(KEYS[13], bytes) else record_alert(KEYS[13], KEYS[14], id, bytes) end
end
return 1
