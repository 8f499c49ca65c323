-- HEP version 3 for tshark, which has no dissector of its own: written from the protocol's specification, not from our sender.
local hep = Proto("hep3", "Homer Encapsulation Protocol 3")
local numbers = {
  [1] = ProtoField.uint8("hep3.family", "IP family"),
  [2] = ProtoField.uint8("hep3.protocol", "IP protocol"),
  [7] = ProtoField.uint16("hep3.srcport", "Source port"),
  [8] = ProtoField.uint16("hep3.dstport", "Destination port"),
  [9] = ProtoField.uint32("hep3.seconds", "Seconds"),
  [10] = ProtoField.uint32("hep3.microseconds", "Microseconds"),
  [11] = ProtoField.uint8("hep3.type", "Payload type"),
  [12] = ProtoField.uint32("hep3.agent", "Capture agent"),
}
local addresses = {
  [3] = ProtoField.ipv4("hep3.src", "Source"),
  [4] = ProtoField.ipv4("hep3.dst", "Destination"),
  [5] = ProtoField.ipv6("hep3.src6", "Source"),
  [6] = ProtoField.ipv6("hep3.dst6", "Destination"),
}
local texts = {
  [17] = ProtoField.string("hep3.correlation", "Correlation"),
  [19] = ProtoField.string("hep3.node", "Node name"),
}
local fields = {}
for _, group in ipairs({ numbers, addresses, texts }) do
  for _, field in pairs(group) do table.insert(fields, field) end
end
hep.fields = fields
local faulty = ProtoExpert.new("hep3.faulty", "Faulty chunk", expert.group.MALFORMED, expert.severity.ERROR)
hep.experts = { faulty }

function hep.dissector(buffer, packet, tree)
  if buffer:len() < 6 or buffer(0, 4):string() ~= "HEP3" then return 0 end
  local length = buffer(4, 2):uint()
  local branch = tree:add(hep, buffer(0, math.min(length, buffer:len())))
  if length ~= buffer:len() then branch:add_proto_expert_info(faulty) end
  local at, payload = 6, nil
  while at + 6 <= length do
    local vendor, kind, size = buffer(at, 2):uint(), buffer(at + 2, 2):uint(), buffer(at + 4, 2):uint()
    if size < 6 or at + size > length then
      branch:add_proto_expert_info(faulty)
      return
    end
    if size > 6 and vendor == 0 then
      local value = buffer(at + 6, size - 6)
      local field = numbers[kind] or addresses[kind] or texts[kind]
      if field then branch:add(field, value) end
      if kind == 15 then payload = value end
    end
    at = at + size
  end
  if at ~= length then branch:add_proto_expert_info(faulty) end
  if payload then Dissector.get("sip"):call(payload:tvb(), packet, tree) end
end

DissectorTable.get("udp.port"):add(9060, hep)
