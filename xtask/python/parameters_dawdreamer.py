"""Sets and automates every parameter of the VST3 in DawDreamer and reads it back, then lets a steady tone answer to a step of the gain:
BUNDLE STATE. Prints how many parameters there were.
"""

import sys
import tempfile
import time

import dawdreamer
import juce
import numpy as np

RATE, BLOCK = 48000, 64
FRAMES, STEP = 19200, 9600

bundle, state = sys.argv[1:]


def make():
    engine = dawdreamer.RenderEngine(RATE, BLOCK)
    synth = engine.make_plugin_processor("synth", bundle)
    with tempfile.NamedTemporaryFile() as file:
        file.write(juce.wrap(open(state, "rb").read()))
        file.flush()
        synth.load_state(file.name)
    # DawDreamer processes in real-time mode, so nothing waits for the loader.
    time.sleep(1.5)
    silence = np.zeros((2, FRAMES), np.float32)
    sidechain = engine.make_playback_processor("sidechain", silence)
    engine.load_graph([(sidechain, []), (synth, ["sidechain"])])
    return engine, synth


def near(parameter):
    steps = parameter["numSteps"]
    return 0.5 / (steps - 1) + 1e-6 if 1 < steps < 10_000 else 1e-3


engine, synth = make()
own = [p for p in synth.get_parameters_description() if not p["name"].startswith("MIDI") and p["name"] != "Bypass"]
for parameter in own:
    for wanted in (0.25, 1.0, 0.0, 0.75):
        synth.set_parameter(parameter["index"], wanted)
        got = synth.get_parameter(parameter["index"])
        assert abs(got - wanted) <= near(parameter), f"set {parameter['name']}: {got} instead of {wanted}"



count = len(own)
# What only steps to the neighbouring preset falls back by itself.
own = [p for p in own if not p["name"].startswith("Preset")]

# All of them at once, each to a place of its own. DawDreamer answers with the curve's beginning where a parameter is automated, so what
# the plug-in has is read from its text.
def texts():
    described = synth.get_parameters_description()
    return [described[p["index"]]["currentValText"] for p in own]


places = {p["index"]: 0.1 + 0.8 * n / len(own) for n, p in enumerate(own)}
for index, place in places.items():
    synth.set_parameter(index, place)
engine.render(0.1)
wanted = texts()
for index, place in places.items():
    synth.set_parameter(index, 1 - place)
    synth.set_automation(index, np.where(np.arange(FRAMES) < STEP, 1 - place, place).astype(np.float32))
before = texts()
moved = sum(a != b for a, b in zip(wanted, before))
assert moved > 0.9 * len(own), f"only {moved} of {len(own)} move"
engine.render(FRAMES / RATE)
for parameter, wanted, before, got in zip(own, wanted, before, texts()):
    assert got == wanted, f"automated {parameter['name']}: {got} instead of {wanted}, {before} before"

# The step response: the same up to the step's frame, which is a block's first, and going down from there.
gain = own[0]
assert gain["name"] == "Gain", gain["name"]
heard = []
for to in (gain["defaultValue"], 0.0):
    engine, synth = make()
    steps = np.where(np.arange(FRAMES) < STEP, gain["defaultValue"], to).astype(np.float32)
    synth.set_automation(gain["index"], steps)
    engine.render(FRAMES / RATE)
    heard.append(engine.get_audio()[0])
steady, changed = heard
first = int(np.argmax(steady != changed))
assert abs(steady).max() > 0.1, "silence"
assert STEP <= first < STEP + 4, f"the gain steps at {STEP}, the sound changes at {first}"
assert abs(changed[STEP + 960 :]).max() < 1e-3, "the gain does not close"
print(count)
