"""Plays the test notes through the VST3 in pedalboard: BUNDLE NAME STATE OUT.wav [AGAIN.wav]

With AGAIN, a second instance gets the state that the first one saved and plays the same.
"""

import sys
import time

import juce
import mido
from pedalboard import load_plugin
from pedalboard.io import AudioFile

RATE, SECONDS = 48000, 1.2
NOTES = [(0.1, 57), (0.4, 64), (0.7, 69)]


def messages():
    events = []
    for start, key in NOTES:
        events.append(mido.Message("note_on", note=key, velocity=100, time=start))
        events.append(mido.Message("note_off", note=key, time=start + 0.2))
    return sorted(events, key=lambda m: m.time)


def play(plugin, path):
    audio = plugin(messages(), duration=SECONDS, sample_rate=RATE, num_channels=2, buffer_size=512)
    with AudioFile(path, "w", RATE, 2, bit_depth=32) as file:
        file.write(audio)


bundle, name, state, out, *again = sys.argv[1:]
begin = time.time()
plugin = load_plugin(bundle, plugin_name=name)
print(f"loaded in {time.time() - begin:.2f} s, {len(plugin.parameters)} parameters after {time.time() - begin:.2f} s")
plugin.raw_state = juce.wrap(open(state, "rb").read())
play(plugin, out)
if again:
    second = load_plugin(bundle, plugin_name=name)
    second.raw_state = plugin.raw_state
    play(second, again[0])
