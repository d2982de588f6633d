-- To whom a conversation is offered: `offered_to` is one agent or, where the queue asks several at once, a list with commas
-- between. All of them hold room for it, and have one fence and one deadline; the first who accepts has it. Who was not
-- quick enough keeps their place in the order of who is next; who answered or let the time pass moves.

-- Its queue asks several at once; what a colleague passes on is offered to one all the same.
local function asks_several(c) return c.keeps == '' and limits(c).asks > 1 end

local function move_back(name)
  local a = agent(name)
  if not a then return end
  a.idle_since, a.assigned_at = int(NOW), int(NOW)
  keep_place(a, 'idle_since', a.idle_since, 'assigned_at', a.assigned_at)
end

-- With this agent the next best with room, so many in all; who declined it is stepped over.
local function with_next_best(c, name, most)
  local declined, list = redis.call('SCARD', P .. 'cd:' .. c.id), { name }
  for _, other in ipairs(redis.call('ZRANGE', P .. 'f:' .. c.requirement, 0, declined + most - 1)) do
    if #list == most then break end
    local asked = declined == 0 or redis.call('SISMEMBER', P .. 'cd:' .. c.id, other) == 0
    if asked and other ~= name then list[#list + 1] = other end
  end
  return table.concat(list, ',')
end
