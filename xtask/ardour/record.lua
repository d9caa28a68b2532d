-- Ardour without a screen: a session with the plug-in on a MIDI track, notes played in while it records, saved.
-- Arguments: session folder, session name, plug-in name. The plug-in gets its preset "keys". Prints where each note began.
local folder, name, plugin = arg[1], arg[2], arg[3]

AudioEngine:set_backend("None (Dummy)", "", "")
local s = create_session(folder, name, 48000)
assert(s, "no session")
local info = ARDOUR.LuaAPI.new_plugin_info(plugin, ARDOUR.PluginType.VST3)
assert(not info:isnil(), "Ardour does not know the plug-in")
local track = s:new_midi_track(
  ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1), ARDOUR.ChanCount(ARDOUR.DataType("audio"), 2),
  true, info, nil, nil, 1, "synth", ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true):front()
assert(not track:isnil(), "no track")

local instrument = track:the_instrument():to_insert():plugin(0)
local preset = instrument:preset_by_label("keys")
assert(preset and preset.valid and instrument:load_preset(preset), "the preset does not load")

local _, ports = AudioEngine:get_ports(ARDOUR.DataType("midi"), ARDOUR.PortList())
local keyboard
for p in ports[2]:iter() do
  local a = p:to_asyncmidiport()
  if not a:isnil() and a:name() == "x-virtual-keyboard" then keyboard = a end
end
assert(keyboard, "no virtual keyboard")
track:input():midi(0):connect("x-virtual-keyboard")

local function send(bytes)
  local parser = ARDOUR.RawMidiParser()
  for _, byte in ipairs(bytes) do
    if parser:process_byte(byte) then keyboard:write(parser:midi_buffer(), parser:buffer_size(), 0) end
  end
end

local function sleep(seconds) ARDOUR.LuaAPI.usleep(math.floor(seconds * 1000000)) end

track:rec_enable_control():set_value(1, PBD.GroupControlDisposition.NoGroup)
s:maybe_enable_record()
s:request_roll(ARDOUR.TransportRequestSource.TRS_UI)
sleep(1.0)
for _, key in ipairs({57, 64, 69}) do
  print("on " .. s:transport_sample())
  send({0x90, key, 100})
  sleep(0.3)
  send({0x80, key, 0})
  sleep(0.2)
end
sleep(0.5)
s:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI)
sleep(0.5)
s:save_state("", false, false, false, false, false)
sleep(0.2)
close_session()
quit()
