"""How a session lies in Redis, and the scripts that change it.

Every key of a session bears its name as the hash tag, ``mock-server:{alice}:head``, so that in a cluster all of them
lie on one shard and a script may touch them together (redis.io: "Hash tags"). A script is one atomic step. Versions
stand before the data, ``3:[1,…]``; an empty argument means "not this".
"""

from __future__ import annotations

from typing import Final

from mock_server.named import NamedTuple

DEFAULT_PREFIX: Final = "mock-server"
PARTS: Final = (
    "head", "handshakes", "order", "ends", "shelves", "grants", "grant_order", "journal", "images",
)  # fmt: skip
"""head: a hash of single values; order: ids by the number they began with; ends: ids by when they live no more."""
HELD: Final = ("clock", "scenario", "queue", "faults", "tally", "version")
"""What a request is answered from: who remembers all of it makes sure of all of it."""
FIELDS: Final = (*HELD, "turn")
PULSE: Final = ("born", "version", "turn", "beat")
"""What tells that the session is another: when it was made, and what is counted; ``beat`` counts all that the
others do not."""

DONE, CONFLICT, FULL, SHELVES_FULL, NO_SESSION, TOO_LARGE, NO_IMAGE = 1, 0, 2, 3, 4, 5, 6
"""What a script that changes something answers."""


class Script(NamedTuple):
    """``parts`` are the keys it is given, in the order of ``KEYS``."""

    text: str
    parts: tuple[str, ...] = PARTS
    is_slow: bool = False
    """Whether it goes through all of a session, so that it is sent alone and given more time."""


def keys_of(prefix: str, session: str) -> dict[str, str]:
    """``{"head": "mock-server:{alice}:head", …}``."""
    return {part: f"{prefix}:{{{session}}}:{part}" for part in PARTS}


def versioned(data: bytes) -> tuple[int, bytes]:
    """``(3, b"[1]")`` of ``b"3:[1]"``."""
    version, _, rest = data.partition(b":")
    return int(version), rest


_ENDLESS: Final = {float("inf"): "+inf", float("-inf"): "-inf"}


def score(number: float) -> str:
    """A number as sorted sets take it."""
    return _ENDLESS.get(number) or repr(number)


ALL_KEYS = "local head, handshakes, order, ends, shelves, grants, grant_order, journal, images = unpack(KEYS)\n"
_CHANGED = ("head", "handshakes", "order", "ends", "shelves")
# Every key gets its term when it is made, and all of them together by TOUCH every now and then; a term below zero asks
# only for the former.
IDLE = """
local function used(seconds, fresh)
  if tonumber(seconds) > 0 or fresh then
    for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, math.abs(seconds)) end
  end
end
"""
VERSION = """
local function version_in(key, field)
  local found = redis.call('HGET', key, field)
  return found and tonumber(string.match(found, '^%d+')) or 0
end
"""
HEAD_FIELDS = "redis.call('HMGET', head, " + ", ".join(f"'{each}'" for each in FIELDS) + ")"
_HELD = "redis.call('HMGET', head, " + ", ".join(f"'{each}'" for each in HELD) + ")"
HELD_ITEMS: Final = 1 + len(HELD)
"""Arguments that say what was remembered: their number, and they."""

LOAD = Script(
    f"""
local head, handshakes, shelves = KEYS[1], KEYS[2], KEYS[3]
local found = {HEAD_FIELDS}
local handshake = false
if ARGV[1] ~= '' then handshake = redis.call('HGET', handshakes, ARGV[1]) end
local on = {{}}
if #ARGV > 1 then on = redis.call('HMGET', shelves, unpack(ARGV, 2)) end
return {{found, handshake, on}}
""",
    ("head", "handshakes", "shelves"),
)

MAKE = Script(
    ALL_KEYS
    + IDLE
    + """
if redis.call('HSETNX', head, 'version', 0) == 1 then
  redis.call('HSET', head, 'born', table.concat(redis.call('TIME'), '-'))
end
used(ARGV[1])
return 1
"""
)

TOUCH = Script(ALL_KEYS + IDLE + "used(ARGV[1]) return 1")

SAVE = Script(
    "local head, handshakes, order, ends, shelves = unpack(KEYS)\n"
    + IDLE
    + VERSION
    + """
local idle, seen, queue, tally, id, known, data, ends_at, now, room, most, most_bytes = unpack(ARGV, 1, 12)
local version = redis.call('HGET', head, 'version')
if not version then return 4 end
if seen ~= '' and seen ~= version then return 0 end
local held = tonumber(ARGV[13])
if held > 0 then
  local found = """
    + _HELD
    + """
  for at = 1, held do if (found[at] or '') ~= ARGV[13 + at] then return 0 end end
end
local first = 14 + held
local count, bytes, fresh = 0, 0, #ARGV >= first and redis.call('HLEN', shelves) == 0
for at = first, #ARGV, 5 do
  if version_in(shelves, ARGV[at]) ~= tonumber(ARGV[at + 1]) then return 0 end
  count, bytes = count + ARGV[at + 3], bytes + ARGV[at + 4]
end
if count > 0 or bytes > 0 then
  local had = redis.call('HMGET', head, 'shelf_count', 'shelf_bytes')
  if (had[1] or 0) + count > tonumber(most) or (had[2] or 0) + bytes > tonumber(most_bytes) then return 3 end
end
if id ~= '' then
  if version_in(handshakes, id) ~= tonumber(known) then return 0 end
  if known == '0' then
    local live = redis.call('HLEN', handshakes)
    fresh = fresh or live == 0
    if live >= tonumber(room) then
      for _, gone in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now)) do
        redis.call('HDEL', handshakes, gone) redis.call('ZREM', order, gone) redis.call('ZREM', ends, gone)
      end
      if redis.call('HLEN', handshakes) >= tonumber(room) then return 2 end
    end
    redis.call('ZADD', order, redis.call('HINCRBY', head, 'number', 1), id)
  end
  redis.call('HSET', handshakes, id, (known + 1) .. ':' .. data)
  redis.call('ZADD', ends, ends_at, id)
  redis.call('HINCRBY', head, 'beat', 1)
end
if queue ~= '' then redis.call('HSET', head, 'queue', queue) end
if tally ~= '' then redis.call('HSET', head, 'tally', tally) end
if seen ~= '' then redis.call('HINCRBY', head, 'version', 1) end
for at = first, #ARGV, 5 do
  redis.call('HSET', shelves, ARGV[at], (ARGV[at + 1] + 1) .. ':' .. ARGV[at + 2])
end
if count ~= 0 or bytes ~= 0 then
  redis.call('HINCRBY', head, 'shelf_count', count) redis.call('HINCRBY', head, 'shelf_bytes', bytes)
end
used(idle, fresh)
return 1
""",
    _CHANGED,
)

KEEP = Script(
    "local head, handshakes, order, ends = unpack(KEYS)\n"
    + IDLE
    + """
local idle, now, room, held = unpack(ARGV, 1, 4)
local found = """
    + _HELD
    + """
if not found[#found] then return 4 end
for at = 1, held do if (found[at] or '') ~= ARGV[4 + at] then return 0 end end
local first = 5 + held
local many = (#ARGV - first + 1) / 3
if many == 0 then return 1 end
local live = redis.call('HLEN', handshakes)
if live + many > tonumber(room) then return 2 end
local ids, data, ordered, ended = {}, {}, {}, {}
local number = redis.call('HINCRBY', head, 'number', many) - many
for at = first, #ARGV, 3 do
  local id, next = ARGV[at], #data + 1
  ids[#ids + 1] = id
  data[next], data[next + 1] = id, ARGV[at + 1]
  ordered[next], ordered[next + 1] = number + #ids, id
  ended[next], ended[next + 1] = ARGV[at + 2], id
end
for _, other in ipairs(redis.call('HMGET', handshakes, unpack(ids))) do if other then return 0 end end
redis.call('HSET', handshakes, unpack(data))
redis.call('ZADD', order, unpack(ordered))
redis.call('ZADD', ends, unpack(ended))
redis.call('HINCRBY', head, 'beat', many)
used(idle, live == 0)
return 1
""",
    ("head", "handshakes", "order", "ends"),
)
"""``SAVE`` of many new handshakes, or none, from what was remembered: of all, when there is room for all."""

SET = Script(
    ALL_KEYS
    + IDLE
    + """
local idle, field, before, after, more = unpack(ARGV)
if redis.call('HEXISTS', head, 'version') == 0 then return 4 end
if before ~= '*' and (redis.call('HGET', head, field) or '') ~= before then return 0 end
redis.call('HSET', head, field, after)
if field == 'faults' then redis.call('HDEL', head, 'tally') end
redis.call('HINCRBY', head, 'version', more)
redis.call('HINCRBY', head, 'beat', 1)
used(idle)
return 1
"""
)
"""One field of the head; ``*`` = whatever it was."""

GRANT = Script(
    ALL_KEYS
    + IDLE
    + VERSION
    + """
local idle, id, known, data, most = unpack(ARGV)
if redis.call('HEXISTS', head, 'version') == 0 then return 4 end
if version_in(grants, id) ~= tonumber(known) then return 0 end
redis.call('HSET', grants, id, (known + 1) .. ':' .. data)
if known == '0' then
  redis.call('ZADD', grant_order, redis.call('HINCRBY', head, 'number', 1), id)
  while redis.call('ZCARD', grant_order) > tonumber(most) do
    redis.call('HDEL', grants, redis.call('ZPOPMIN', grant_order)[1])
  end
end
used(idle)
return 1
"""
)

DROP = Script(
    ALL_KEYS
    + """
local clock, now = unpack(ARGV)
if (redis.call('HGET', head, 'clock') or '') ~= clock then return 0 end
if redis.call('ZCOUNT', ends, '(' .. now, '+inf') > 0 then return 0 end
for _, key in ipairs(KEYS) do redis.call('DEL', key) end
return 1
"""
)
"""Forget the session, unless a handshake lives in it or its clock was moved meanwhile."""

RECORD = Script(
    "local head, journal = unpack(KEYS)\n"
    + IDLE
    + """
local idle, most, most_bytes, cost = unpack(ARGV, 1, 4)
local many = #ARGV - 4
if redis.call('HEXISTS', head, 'version') == 0 then return 4 end
redis.call('HINCRBY', head, 'turn', many)
local count = redis.call('RPUSH', journal, unpack(ARGV, 5))
local bytes, freed = redis.call('HINCRBY', head, 'journal_bytes', cost), 0
used(idle, count == many)
local function drop(number)
  for _, gone in ipairs(redis.call('LPOP', journal, number)) do freed = freed + string.match(gone, '^%d+') end
  count = count - number
end
if count > tonumber(most) then drop(count - most) end
while bytes - freed > tonumber(most_bytes) do drop(1) end
if freed > 0 then redis.call('HINCRBY', head, 'journal_bytes', -freed) end
return 1
""",
    ("head", "journal"),
)
"""Entries, each behind what it costs, ``1234:{…}``, and what all of them cost."""

CLEAR = Script(
    """
local head, journal = unpack(KEYS)
redis.call('DEL', journal)
if redis.call('HEXISTS', head, 'version') == 1 then
  redis.call('HSET', head, 'journal_bytes', 0)
  redis.call('HINCRBY', head, 'beat', 1)
end
return 1
""",
    ("head", "journal"),
)

SCRIPTS: Final = (LOAD, MAKE, TOUCH, SAVE, KEEP, SET, GRANT, DROP, RECORD, CLEAR)
