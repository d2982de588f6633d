-- The frame every call runs in: what is true of the whole call, and what every verb may use.
--
-- keys[1]  D: `{deployment}:`; every key below shares its hash tag (see trunkline.board.keys for the keyspace)
-- args[1]  generation the caller believes in      args[2]  a random number: the nonce of this call's outbox ids
-- args[3]  milliseconds to use as now, '' for the server's clock (only the simulator supplies one)
-- args[4…] moves: the count of strings that follow, the verb (`verb@traceparent` where there is one), its arguments
-- Returns  { state, answer, … }: state is 'open', 'closed' (not every shard is verified) or 'stale' (other generation)
--
-- All that is defined here and in the files that follow is defined once, when the library is loaded, and outlives the
-- call. So what is true of one call only is set by `begin`, and what a file remembers within a call it forgets there.
local D, G, NONCE, NOW, P
local CURRENT
local REPLICATION -- the id of this very server's history
local TOKEN       -- what a verified shard says it was verified for
local OPEN
local ITEM     -- names the move being made: its events stay together in the log
local TRACE    -- W3C traceparent of the move being made
local APPLIED  -- shard → applied offset, once known in this call
local RELAYED  -- shard → id of its last relayed entry, likewise
local EMITTED  -- shards whose outbox grew in this call
local forget = {} -- name → what makes a file forget the call before

local verbs, timers = {}, {}

local function begin(keys, args)
  D, G, NONCE = keys[1], args[1], args[2]
  local clock = redis.call('TIME')
  NOW = args[3] ~= '' and tonumber(args[3]) or (clock[1] * 1000 + math.floor(clock[2] / 1000))
  P = D .. G .. ':'
  CURRENT = redis.call('GET', D .. 'generation') == G
  -- Read here, so that no connection can carry another server's.
  REPLICATION = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
  -- A version of Trunkline that keeps the board otherwise finds it shut.
  TOKEN = G .. '|' .. LAYOUT .. '|' .. REPLICATION
  OPEN = CURRENT and redis.call('GET', D .. 'gate') == TOKEN
  ITEM, TRACE, APPLIED, RELAYED, EMITTED = '', '', {}, {}, {}
  for _, each in pairs(forget) do each() end
end

local function int(n) return string.format('%.0f', n) end
local function num(s) return tonumber(s) or 0 end

local function map(key)
  local flat, found = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do found[flat[i]] = flat[i + 1] end
  return found
end

local function flatten(fields)
  local flat = {}
  for name, value in pairs(fields) do flat[#flat + 1] = name; flat[#flat + 1] = value end
  return flat
end

-- A flat state as finished JSON. Only encoding, and only of scalars: what cjson gets wrong (it parses `[]` as `{}`, and
-- rounds beyond 14 digits) does not occur. INTEGERS comes from the models (trunkline.board.script).
local function json(state)
  local typed = {}
  for name, value in pairs(state) do
    if INTEGERS[name] then typed[name] = tonumber(value) or 0 else typed[name] = value end
  end
  return cjson.encode(typed)
end

local function applied(p)
  if not APPLIED[p] then APPLIED[p] = redis.call('HGET', P .. 'applied', p) or '-1' end
  return APPLIED[p]
end

local function relayed(p)
  if not RELAYED[p] then RELAYED[p] = redis.call('HGET', P .. 'relayed', p) or '0-1' end
  return RELAYED[p]
end

-- Append an event to a shard's outbox. The head is what consumers skip records by; nothing here parses JSON.
local function emit(p, kind, subject, e)
  local sequence = redis.call('HINCRBY', P .. 'sequence', p, 1)
  local id = sequence .. '-' .. NONCE
  EMITTED[p] = true
  local head = table.concat({ kind, subject, e.operation or '', applied(p), e.agents or '', int(NOW), ITEM,
    e.message or '', e.version or '', TRACE }, '\n')
  if tonumber(string.match(relayed(p), '^%d+')) == sequence - 1 then redis.call('HSET', P .. 'behind', p, int(NOW)) end
  if e.state then
    redis.call('XADD', P .. 'o:' .. p, id, '@', head, 'b', e.body or '', 's', json(e.state))
  else
    redis.call('XADD', P .. 'o:' .. p, id, '@', head, 'b', e.body or '')
  end
  return id
end

-- The first answer of an operation, kept an hour: made twice, it changes nothing.
local function remembered(operation)
  return operation ~= '' and redis.call('GET', P .. 'op:' .. operation) or false
end

local function remember(operation, answer)
  if operation ~= '' then redis.call('SET', P .. 'op:' .. operation, table.concat(answer, '\t'), 'PX', 3600000) end
  return answer
end

local function timer(p, name, at) redis.call('ZADD', P .. 'timers:' .. p, int(at), name) end
local function untimer(p, name) redis.call('ZREM', P .. 'timers:' .. p, name) end
