-- Offers that end without an answer of who was asked. Whoever was asked is told by name, and why by `reason`.
local RESCINDED = 'trunkline.offer.rescinded.v1'

local function pull_each(list) for name in each(list) do pull(name) end end

-- A pending offer is taken back whole: what was passed on is its sender's again, all else waits. Answers who had been
-- asked, '' where it is not offered: the caller decides what becomes of it, and then pulls for them.
local function take_back(c, reason)
  if c.status ~= 'offered' then return '' end
  local asked, sender = c.offered_to, c.keeps
  unoffer(c)
  fall_back(c, reason)
  commit(c, RESCINDED, { agents = concerned(asked, sender) })
  return asked
end

-- One of those asked is asked no more; the others still are. Without any other the offer ends as `fall_back` says.
local function drop(c, name, reason)
  local rest = without(c.offered_to, name)
  if rest == '' then
    unoffer(c)
    fall_back(c, reason)
  else
    release(name, c)
    c.offered_to, c.reason = rest, reason
  end
end

-- An agent takes no offers now (left, away): none stays open to them.
local function withdraw_offers(name, reason)
  for _, id in ipairs(redis.call('SMEMBERS', P .. 'ac:' .. name)) do
    local c = conversation(id)
    if c and c.status == 'offered' and listed(c.offered_to, name) then
      local asked, sender = c.offered_to, c.keeps
      drop(c, name, reason)
      commit(c, RESCINDED, { agents = concerned(asked, sender) })
      after_fall_back(c)
    end
  end
end

-- One of several accepts: the others are told that it is taken, before the acceptance, and have their room again.
local function outrun(c, name)
  local asked = c.offered_to
  local others = without(asked, name)
  for other in each(others) do release(other, c, true) end
  c.offered_to, c.reason = name, 'taken'
  commit(c, RESCINDED, { agents = asked })
  return others
end
