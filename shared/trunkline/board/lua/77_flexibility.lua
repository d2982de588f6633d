-- How much other work each agent could do: reckoned outside (trunkline.flexibility), kept with the agent, for the index.

-- 1… agents. Of each that is present: id, capacity, flexibility, the requirement sets it satisfies, those of what it has.
verbs.demand = function(a)
  local found = {}
  for _, name in ipairs(a) do
    local it, holds = agent(name), {}
    if it and it.presence ~= 'offline' then
      for _, id in ipairs(redis.call('SMEMBERS', P .. 'ac:' .. name)) do
        holds[#holds + 1] = redis.call('HGET', P .. 'c:' .. id, 'requirement') or nil
      end
      found[#found + 1] = { name, it.capacity, it.flexibility or '0', redis.call('HKEYS', P .. 'ap:' .. name), holds }
    end
  end
  return { 'ok', found }
end

-- 1 agent, 2 its flexibility, and so on.
verbs.flex = function(a)
  for i = 1, #a, 2 do
    local it = agent(a[i])
    if it then
      it.flexibility = a[i + 1]
      keep_place(it, 'flexibility', it.flexibility)
    end
  end
  return { 'ok' }
end
