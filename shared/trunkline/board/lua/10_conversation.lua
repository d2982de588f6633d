-- A conversation is one hash, and that hash is the state in its events: a board is rebuilt from each one's last event.
local function shard_of(id) return string.match(id, '^%d+') end

local KEPT -- conversation read in this call → the fields its hash has
function forget.kept() KEPT = {} end

local function conversation(id)
  local flat, c, kept = redis.call('HGETALL', P .. 'c:' .. id), {}, {}
  for i = 1, #flat, 2 do c[flat[i]], kept[flat[i]] = flat[i + 1], flat[i + 1] end
  KEPT[c] = kept
  return c.id and c or nil
end

-- offer, again, wrap-up and reopen in ms, most missed offers, how many are asked at once (0: nobody is, it is given; not
-- said: one): what the queue says, fixed when it was queued there.
local function limits(c)
  local offer, again, wrap, reopen, missed, asks = string.match(c.limits, '^(%d+):(%d+):(%d+):(%d+):(%d+):?(%d*)$')
  return { offer = num(offer), again = num(again), wrap = num(wrap), reopen = num(reopen), missed = num(missed),
    asks = tonumber(asks) or 1 }
end

-- Lists of agents, commas between: `offered_to`, `consulted`, whom an event concerns.
local function each(list) return string.gmatch(list, '[^,]+') end

local function listed(list, name)
  return list == name or string.find(',' .. list .. ',', ',' .. name .. ',', 1, true) ~= nil
end

local function without(list, name)
  local rest = {}
  for other in each(list) do if other ~= name then rest[#rest + 1] = other end end
  return table.concat(rest, ',')
end

-- Whom an event concerns, '' left out.
local function concerned(...)
  local seen, list = {}, {}
  for _, agent in ipairs({ ... }) do
    if agent ~= '' and not seen[agent] then seen[agent] = true; list[#list + 1] = agent end
  end
  return table.concat(list, ',')
end

-- Write what changed of it: most moves change three fields of thirty.
local function keep(c)
  local kept, flat = KEPT[c] or {}, {}
  for name, value in pairs(c) do
    if kept[name] ~= value then
      flat[#flat + 1], flat[#flat + 2] = name, value
      kept[name] = value
    end
  end
  KEPT[c] = kept
  if #flat > 0 then redis.call('HSET', P .. 'c:' .. c.id, unpack(flat)) end
end

-- Who is consulted (`agent,agent`) is no more, whether or not anybody says so in words.
local function dismiss(c, name)
  for one in each(name or c.consulted) do redis.call('SREM', P .. 'cs:' .. one, c.id) end
  c.consulted = name and without(c.consulted, name) or ''
end

-- Whom it concerns, and who is consulted: they hear of all that happens, also of what ends it. A consultation lasts
-- while the owner who asked works at the conversation; the hash still has the owner of before.
local function with_consulted(c, agents)
  local all = {}
  for one in each((agents or '') .. ',' .. c.consulted) do all[#all + 1] = one end
  local works = c.status == 'active' or c.status == 'wrapping-up'
  if not works or redis.call('HGET', P .. 'c:' .. c.id, 'owner') ~= c.owner then dismiss(c) end
  return concerned(unpack(all))
end

-- Give the conversation its next version, keep it, and say so: state and event in one script.
local function commit(c, kind, e)
  local agents = e.agents
  if (c.consulted or '') ~= '' then agents = with_consulted(c, agents) end
  c.version = int(num(c.version) + 1)
  keep(c)
  return emit(shard_of(c.id), kind, c.id, { operation = e.operation, agents = agents, body = e.body,
    message = e.message, version = c.version, state = c })
end

local function done(c, id) return { 'ok', shard_of(c.id), id, c.version, c.id } end
local function refused(code, detail) return { 'no', code, detail or '' } end
