-- The reasons of a decision, as finished JSON for its event. Who was passed over is known by counts alone: every number
-- here is the size of a set, and those that no claim changes are read once for a requirement set, until somebody comes, changes or goes.
local function floor_of(id)
  local f = FLOOR[id]
  if not f then
    local n = redis.call('HMGET', P .. 'n:' .. id, 1, 2, 3)
    f = { present = redis.call('SCARD', P .. 'agents'), serve = num(n[1]), skilled = num(n[2]), able = num(n[3]),
      available = redis.call('SCARD', P .. 'e:' .. id) }
    FLOOR[id] = f
  end
  return f
end

-- The index less what the clock adds to everybody's: 0 for who just took work and is weighed by time alone.
local function shown(r, score) return string.format('%.4f', score - (r.policy.idle + r.policy.turn) * NOW / MINUTE) end

local function ranked(r, entries)
  local best = {}
  for i = 1, #entries, 2 do
    best[#best + 1] = '{"agent":"' .. entries[i] .. '","index":' .. shown(r, num(entries[i + 1])) .. '}'
  end
  return table.concat(best, ',')
end

-- The winner's index by what it adds up from; nothing of who is offered it without having been compared.
local function parts_of(c, r, a)
  local skilled = redis.call('HGET', P .. 'ap:' .. a.id, c.requirement)
  if not skilled then return '' end
  local skill, flexibility, load, idle, turn = parts(a, r.policy, num(skilled))
  return string.format(',"parts":{"skill":%.4f,"flexibility":%.4f,"load":%.4f,"idle":%.4f,"turn":%.4f}', skill,
    flexibility, load, idle - r.policy.idle * NOW / MINUTE, turn - r.policy.turn * NOW / MINUTE)
end

-- Asked before the winner holds it. In short, for the conversation's state: how many satisfy what it asks for, how many
-- of them had room, how many had declined, and how long (ms) the winner had neither taken nor given back work.
local function reasons(c, name)
  local id, a = c.requirement, agent(name)
  local r, f, room = requirement(id), floor_of(id), redis.call('ZCARD', P .. 'f:' .. id)
  local declined = redis.call('SCARD', P .. 'cd:' .. c.id)
  local short = table.concat({ f.available, room, declined, int(math.max(0, NOW - num(a.idle_since))) }, ':')
  return short, string.format('{"requirement":"%s","rules":"%s","waited_ms":%s,"present":%d,"passed_over":{"permission":%d,' ..
    '"skill":%d,"level":%d,"presence":%d,"room":%d,"declined":%d},"best":[%s]%s}', id, c.rules or '',
    int(math.max(0, NOW - num(c.queued_at))), f.present, f.present - f.serve, f.serve - f.skilled, f.skilled - f.able,
    f.able - f.available, f.available - room, declined,
    ranked(r, redis.call('ZRANGE', P .. 'f:' .. id, 0, 5, 'WITHSCORES')), parts_of(c, r, a))
end

-- 1 conversation, 2… agents: how each of them stands to what it asks for now, and to every wider rung. Of each: id,
-- presence, standing, load, capacity, '1' if it was declined, index ('' without room), '1' if it drains, when its next
-- turn comes while it ramps up (''), then its standing rung by rung.
verbs.stand = function(a)
  local c = conversation(a[1])
  if not c then return { 'no', 'unknown' } end
  local wanted, found = { requirement(c.requirement) }, {}
  for after, id in string.gmatch(c.ladder or '', '(%d+)>([^%s>]+)') do wanted[#wanted + 1] = requirement(id) end
  for i = 2, #a do
    local it = agent(a[i])
    if it and it.presence ~= 'offline' then
      local skills = map(P .. 'as:' .. a[i])
      local score = redis.call('ZSCORE', P .. 'f:' .. c.requirement, a[i])
      local line = { a[i], it.presence, '', it.load, it.capacity,
        redis.call('SISMEMBER', P .. 'cd:' .. c.id, a[i]), score and shown(wanted[1], num(score)) or '',
        it.draining or '0', it.turn_at or '' }
      for n, r in ipairs(wanted) do
        if n == 1 then line[3] = standing(skills, r) else line[#line + 1] = standing(skills, r) end
      end
      found[#found + 1] = line
    end
  end
  return { 'ok', redis.call('HGETALL', P .. 'c:' .. c.id), found, int(NOW), shut_until(c.queue) or '' }
end
