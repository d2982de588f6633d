local CURRENT_ONLY = { verify = true, outbox = true }
local AGENTS = { accept = 1, decline = 1, reply = 1, transfer_to_agent = 1, transfer_to_queue = 1, wrap_up = 1,
  close = 1, begin = 1, snooze = 1, wake = 1, assign = 1, consult = 1, end_consult = 1, take_over = 1, reorder = 1,
  drain = 1, set_presence = 1, set_profile = 1, arrive = 1, shut = 1, unshut = 1 }
local INBOUND = { receive = 1, prefer = 1, undeliver = 1 }
local BEHIND = 10000 -- ms an outbox may lag before agents' new actions on its shard are refused

-- While the log does not take what was decided, nothing more is promised (DESIGN 3).
local function too_far_behind(a)
  local p = a[3] and string.match(a[3], '^(%d+)%-')
  local since = p and redis.call('HGET', P .. 'behind', p)
  return since and NOW - num(since) > BEHIND
end

local function make(verb, a)
  if not verbs[verb] then return { 'error', 'no such move: ' .. tostring(verb) } end
  if not CURRENT then return { 'stale' } end
  if not OPEN and not CURRENT_ONLY[verb] then return { 'closed' } end
  if AGENTS[verb] then
    local first = remembered(a[1])
    if first then return { 'again', first } end
    if too_far_behind(a) then return refused('behind') end
  end
  local fine, answer = pcall(verbs[verb], a)
  if fine then return answer end
  local problem = tostring(type(answer) == 'table' and answer.err or answer)
  return INBOUND[verb] and refuse_item(a, problem) or { 'error', problem }
end

-- Make the moves of this call, in order. Each is tried for itself: Lua has no rollback, so a broken one must not stop
-- its neighbours, and verbs check before they write.
local function run(keys, args)
  begin(keys, args)
  local answers, at = { OPEN and 'open' or (CURRENT and 'closed' or 'stale') }, 4
  while args[at] do
    local count = tonumber(args[at])
    local a = {}
    for i = 2, count do a[i - 1] = args[at + i] end
    local verb, trace = string.match(args[at + 1], '^([^@]+)@?(.*)$')
    ITEM, TRACE = NONCE .. '/' .. at, trace
    answers[#answers + 1] = make(verb, a)
    at = at + count + 1
  end
  -- Wake the relays: a hint that saves them polling; they look each second anyway.
  local grown = {}
  for p in pairs(EMITTED) do grown[#grown + 1] = p end
  if #grown > 0 then redis.call('PUBLISH', D .. 'wake', table.concat(grown, ',')) end
  return answers
end
