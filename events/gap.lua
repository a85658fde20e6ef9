-- Report that entries of an inbox were removed before they were read (trimmed, deleted, or with the whole stream).
--
-- gap    {refusal, receipt}, each [index in KEYS, [field, value, …]]; {count}, {after} and {before} in a value are filled in
-- count  how many; below zero where the stream was made anew, so that nobody knows
--@include refusal.lua
local function report_gap(gap, count, after, before)
  local words = {after = after, before = before}
  words.count = count < 0 and 'an unknown number of' or string.format('%.0f', count)
  local function filled(values)
    local fields = {}
    for i, value in ipairs(values) do fields[i] = string.gsub(value, '{(%a+)}', words) end
    return fields
  end
  add_refusal(KEYS[gap[1][1]], filled(gap[1][2]))
  redis.call('XADD', KEYS[gap[2][1]], '*', unpack(filled(gap[2][2])))
end
