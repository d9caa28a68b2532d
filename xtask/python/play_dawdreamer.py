"""Plays the test notes through the VST3 in DawDreamer: BUNDLE STATE OUT.wav CHANNELS

The file gets all channels of the plug-in; `CHANNELS` is how many there must be.
"""

import sys
import tempfile
import time

import dawdreamer
import juce
import numpy as np
from pedalboard.io import AudioFile

RATE, BLOCK, SECONDS = 48000, 512, 1.2
NOTES = [(0.1, 57), (0.4, 64), (0.7, 69)]

bundle, state, out, channels = sys.argv[1:]
engine = dawdreamer.RenderEngine(RATE, BLOCK)
synth = engine.make_plugin_processor("synth", bundle)
with tempfile.NamedTemporaryFile() as file:
    file.write(juce.wrap(open(state, "rb").read()))
    file.flush()
    synth.load_state(file.name)
# DawDreamer processes in real-time mode, so nothing waits for the loader.
time.sleep(1.5)
sidechain = engine.make_playback_processor("sidechain", np.zeros((2, int(RATE * SECONDS)), np.float32))
for start, key in NOTES:
    synth.add_midi_note(key, 100, start, 0.2)
engine.load_graph([(sidechain, []), (synth, ["sidechain"])])
engine.render(SECONDS)
audio = engine.get_audio()
assert audio.shape[0] == int(channels), f"{audio.shape[0]} channels instead of {channels}"
with AudioFile(out, "w", RATE, audio.shape[0], bit_depth=32) as file:
    file.write(audio.astype(np.float32))
