"""The scripts that keep a whole session, put it back, and begin another with it.

Redis itself packs and unpacks it (MessagePack), so that megabytes leave it for a fork alone, which may lie elsewhere.
"""

from __future__ import annotations

from typing import Final

from mock_server.state.scripts import ALL_KEYS, HEAD_FIELDS, IDLE, VERSION, Script

_STEP = 1_000
"""Ids in one command: what a script unpacks must fit on Lua's stack."""
_ENTIRE = f"""
local function entire()
  local found = {HEAD_FIELDS}
  local counts = redis.call('HMGET', head, 'shelf_count', 'shelf_bytes')
  local ids, ended = redis.call('ZRANGE', order, 0, -1), redis.call('ZRANGE', ends, 0, -1, 'WITHSCORES')
  local data, ends_at, by_id = {{}}, {{}}, {{}}
  for at = 1, #ended, 2 do by_id[ended[at]] = ended[at + 1] end
  for first = 1, #ids, {_STEP} do
    local texts = redis.call('HMGET', handshakes, unpack(ids, first, math.min(first + {_STEP} - 1, #ids)))
    for at, text in ipairs(texts) do
      data[first + at - 1] = string.sub(text, string.find(text, ':', 1, true) + 1)
      ends_at[first + at - 1] = by_id[ids[first + at - 1]]
    end
  end
  return {{found[1] or '', found[2] or '', found[3] or '', found[4] or '', found[5] or '', found[7] or '0',
    counts[1] or '0', counts[2] or '0', ids, ends_at, data, redis.call('HGETALL', shelves)}}
end
"""
_PUT = (
    VERSION
    + """
local function put(clock, scenario, queue, faults, tally, turn, count, bytes, ids, ends_at, data, on)
  local versions, texts, ended, ordered = {}, {}, {}, {}
  local known = redis.call('HGETALL', handshakes)
  for at = 1, #known, 2 do versions[known[at]] = string.match(known[at + 1], '^%d+') end
  local number = redis.call('HINCRBY', head, 'number', #ids) - #ids
  for at, id in ipairs(ids) do
    local next = #texts + 1
    texts[next], texts[next + 1] = id, string.format('%d:', (versions[id] or 0) + restored) .. data[at]
    ended[next], ended[next + 1] = ends_at[at], id
    ordered[next], ordered[next + 1] = number + at, id
  end
  for at = 1, #on, 2 do
    local own = string.match(on[at + 1], '^%d+')
    on[at + 1] = string.format('%d', math.max(version_in(shelves, on[at]), own) + restored)
      .. string.sub(on[at + 1], #own + 1)
  end
  redis.call('DEL', handshakes, order, ends, shelves)
  for first = 1, #texts, STEP do
    local last = math.min(first + STEP - 1, #texts)
    redis.call('HSET', handshakes, unpack(texts, first, last))
    redis.call('ZADD', ends, unpack(ended, first, last))
    redis.call('ZADD', order, unpack(ordered, first, last))
  end
  for at = 1, #on, 2 do redis.call('HSET', shelves, on[at], on[at + 1]) end
  redis.call('HSET', head, 'clock', clock, 'scenario', scenario, 'queue', queue, 'faults', faults, 'tally', tally,
    'turn', turn, 'shelf_count', count, 'shelf_bytes', bytes)
  redis.call('HINCRBY', head, 'version', 1)
  used(idle)
  return 1
end
""".replace("STEP", str(_STEP))
)

KEEP_IMAGE = Script(
    ALL_KEYS
    + IDLE
    + _ENTIRE
    + """
local idle, label, form, most, most_each, most_bytes = unpack(ARGV)
if redis.call('HEXISTS', head, 'version') == 0 then return 4 end
local others, bytes = 0, 0
for _, other in ipairs(redis.call('HKEYS', images)) do
  if other ~= label then others, bytes = others + 1, bytes + redis.call('HSTRLEN', images, other) end
end
if others >= tonumber(most) then return 2 end
local image = cmsgpack.pack({tonumber(form), entire()})
if #image > tonumber(most_each) or bytes + #image > tonumber(most_bytes) then return 5 end
redis.call('HSET', images, label, image)
used(idle)
return 1
""",
    is_slow=True,
)

RESTORE = Script(
    ALL_KEYS
    + """
local idle, label, form, restored, room = unpack(ARGV)
"""
    + IDLE
    + _PUT
    + """
local image = redis.call('HGET', images, label)
if not image then return 6 end
local is_read, kept = pcall(cmsgpack.unpack, image)
if not is_read or type(kept) ~= 'table' then return {'unknown'} end
if kept[1] ~= tonumber(form) then return {tostring(kept[1])} end
if #kept[2][9] > tonumber(room) then return 2 end
return put(unpack(kept[2]))
""",
    is_slow=True,
)

IMAGE = Script(ALL_KEYS + _ENTIRE + "return entire()", is_slow=True)

PUT_IMAGE = Script(
    ALL_KEYS
    + """
local idle, restored, many = unpack(ARGV, 1, 3)
"""
    + IDLE
    + _PUT
    + """
local ids, ends_at, data, on = {}, {}, {}, {}
local last = 12 + 3 * many
for at = 12, last - 1, 3 do
  local next = #ids + 1
  ids[next], ends_at[next], data[next] = ARGV[at], ARGV[at + 1], ARGV[at + 2]
end
for at = last, #ARGV do on[#on + 1] = ARGV[at] end
for _, key in ipairs(KEYS) do redis.call('DEL', key) end
redis.call('HSET', head, 'born', table.concat(redis.call('TIME'), '-'))
local clock, scenario, queue, faults, tally, turn, count, bytes = unpack(ARGV, 4, 11)
return put(clock, scenario, queue, faults, tally, turn, count, bytes, ids, ends_at, data, on)
""",
    is_slow=True,
)

IMAGE_SCRIPTS: Final = (KEEP_IMAGE, RESTORE, IMAGE, PUT_IMAGE)
