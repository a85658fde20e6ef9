-- Report that entries of an inbox were removed before they were read (trimmed, deleted, or with the whole stream).
--
-- gap    {refusal, receipt}, each [index in KEYS, [field, value, …]]; {count}, {after} and {before} in a value are filled in
-- count  how many; below zero if unknown, because the stream was recreated
--@include refusal.lua
local function report_gap(gap, count, after, before)
  local words = {after = after, before = before}
  words.count = count < 0 and 'an unknown number of' or string.format('%.0f', count)
  local function filled(values)
    local fields = {}
    for i, value in ipairs(values) do fields[i] = string.gsub(value, '{(%a+)}', words) end
    return fields
  end
  local refusal, receipt = unpack(gap)
  local refused_index, refusal_values = unpack(refusal)
  local receipts_index, receipt_values = unpack(receipt)
  add_refusal(KEYS[refused_index], filled(refusal_values))
  redis.call('XADD', KEYS[receipts_index], '*', unpack(filled(receipt_values)))
end
