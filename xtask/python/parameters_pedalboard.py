"""Sets every parameter of the VST3 in pedalboard and reads it back: BUNDLE NAME. Prints how many there were."""

import sys

from pedalboard import load_plugin

bundle, name = sys.argv[1:]
plugin = load_plugin(bundle, plugin_name=name)
# Controllers are hidden parameters of every VST3.
own = {key: p for key, p in plugin.parameters.items() if not key.startswith(("midi_", "bypass"))}
for key, parameter in own.items():
    for wanted in (0.25, 1.0, 0.75, 0.0):
        parameter.raw_value = wanted
        # Stepped parameters take the nearest step.
        steps = parameter.num_steps
        near = 0.5 / (steps - 1) + 1e-6 if 1 < steps < 10_000 else 1e-3
        assert abs(parameter.raw_value - wanted) <= near, f"{key}: {parameter.raw_value} instead of {wanted}"
print(len(own))
