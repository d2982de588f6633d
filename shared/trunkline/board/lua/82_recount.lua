do -- its names are its own: Lua has room for 200 in one block
-- The counters of agents' room compared with what they count. They are equal always; where they are not, something is
-- broken: it is repaired, and told.
local COUNTERS = { load = true, soft = true, alone = true }
local function is_counter(name) return COUNTERS[name] or string.sub(name, 1, 3) == 'in:' end

-- What the counters of an agent should say.
local function counts_of(name)
  local counts = {}
  for _, id in ipairs(redis.call('SMEMBERS', P .. 'ac:' .. name)) do
    local c = redis.call('HMGET', P .. 'c:' .. id, 'requirement', 'weight', 'relief')
    if c[1] then counted(counts, requirement(c[1]), num(c[2]) - num(c[3]), 1) end
  end
  return counts
end

-- Each counter that was wrong: agent, counter, what it said, what it says now.
local function repair(it)
  local counts, mended, found = counts_of(it.id), {}, {}
  for name in pairs(it) do
    if is_counter(name) then counts[name] = counts[name] or '0' end
  end
  for name, count in pairs(counts) do
    if num(it[name]) ~= num(count) then
      found[#found + 1] = { it.id, name, it[name] or '0', count }
      mended[name], it[name] = count, count
    end
  end
  if #found > 0 then
    keep_place(it, unpack(flatten(mended)))
    pull(it.id)
  end
  return found
end

-- 1 shard, 2 term, 3 cursor, '0' to begin: some of the present agents. Answers with the next cursor, '0' after the last.
verbs.recount = function(a)
  if fenced(a[1], a[2]) then return { 'fenced' } end
  local page, found = redis.call('SSCAN', P .. 'agents', a[3], 'COUNT', 50), {}
  for _, name in ipairs(page[2]) do
    local it = agent(name)
    for _, one in ipairs(it and repair(it) or {}) do found[#found + 1] = one end
  end
  return { 'ok', page[1], found }
end
end
