-- Words without an agent. What a customer is still to be told is in the conversation's state, `kind:version` by blanks
-- (`to_say`): the owner of its shard finds the words, and `say` writes them into the log. Who is offered it may answer
-- before; who accepted it speaks for themselves.
local SAY_AGAIN = 2000 -- ms until the owner is told once more of what it has not said

local function next_words(c) return string.match(c.to_say or '', '^((%S+):%d+) ?(.*)$') end

local function wish(c, kind)
  local asked = ' ' .. (c.to_say or '')
  if kind == '' or string.find(asked, ' ' .. kind .. ':', 1, true) then return end
  if kind == 'shut' then asked = ' ' end  -- that somebody answers soon is no longer true
  c.to_say = string.match(asked .. ' ' .. kind .. ':' .. int(num(c.version) + 1), '^%s*(.*)$')
  timer(shard_of(c.id), 'say|' .. c.id, NOW)
end

-- It joins a line. `kind` is what its queue says then; a shut one says so instead.
local function wish_in_line(c, kind) wish(c, shut_until(c.queue) and 'shut' or kind) end

local function hush(c)
  if (c.to_say or '') == '' then return end
  c.to_say = ''
  untimer(shard_of(c.id), 'say|' .. c.id)
end

local TO_SAY -- of the tick being made: conversation, words asked for, queue, until when that is shut ('' = it is not)

timers.say = function(p, id)
  local c = conversation(id)
  local words = c and next_words(c)
  if not words then return end
  if c.status == 'offered' then timer(p, 'say|' .. id, math.max(num(c.deadline), NOW + SAY_AGAIN)); return end
  if c.status ~= 'queued' then return end
  timer(p, 'say|' .. id, NOW + SAY_AGAIN)
  TO_SAY[#TO_SAY + 1] = { id, words, c.queue, shut_until(c.queue) or '', c.account, c.channel, c.scheme, c.contact,
    c.display, c.thread, c.language or '', c.last_inbound_at or '0', c.opted_out }
end
