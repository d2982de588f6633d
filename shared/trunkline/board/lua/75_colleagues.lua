-- Who is there, for people who pass work on. Asked by people, never for routing; changes nothing.

-- Ids of all present agents.
verbs.present = function() return { 'ok', redis.call('SMEMBERS', P .. 'agents') } end

-- 1… agents. Of each that is present: id, presence, reason, capacity, load.
verbs.standing = function(a)
  local found = {}
  for _, name in ipairs(a) do
    local it = agent(name)
    if it and it.presence ~= 'offline' then
      found[#found + 1] = { name, it.presence, it.reason or '', it.capacity, it.load }
    end
  end
  return { 'ok', found }
end
