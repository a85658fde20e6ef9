-- Report that entries of an inbox were removed before they were read (trimmed, deleted, or with the whole stream).
--
-- notes  [index in KEYS, [field, value, …]] each; {count}, {after} and {before} in a value are filled in
-- count  how many; below zero where the stream was made anew, so that nobody knows
local function report_gap(notes, count, after, before)
  local words = {count = count < 0 and 'an unknown number of' or string.format('%.0f', count), after = after, before = before}
  for _, note in ipairs(notes) do
    local fields = {}
    for i, value in ipairs(note[2]) do fields[i] = string.gsub(value, '{(%a+)}', words) end
    redis.call('XADD', KEYS[note[1]], '*', unpack(fields))
  end
end
