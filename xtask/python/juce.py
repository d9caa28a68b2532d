"""The state format of hosts made with JUCE around a VST3 component's own bytes."""

import struct

_LETTERS = ".ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+"


def _base64(data: bytes) -> str:
    """JUCE's own base 64: the length, a dot, then six bits per letter, lowest bits first."""
    letters = []
    for i in range(0, len(data), 3):
        chunk = data[i : i + 3]
        bits = int.from_bytes(chunk, "little")
        letters += [_LETTERS[(bits >> (6 * n)) & 63] for n in range((len(chunk) * 8 + 5) // 6)]
    return f"{len(data)}.{''.join(letters)}"


def wrap(component: bytes) -> bytes:
    """What a JUCE host saves for a VST3 whose component state is `component`."""
    xml = '<?xml version="1.0" encoding="UTF-8"?> <VST3PluginState><IComponent>'
    xml += _base64(component) + "</IComponent></VST3PluginState>"
    text = xml.encode()
    return struct.pack("<II", 0x21324356, len(text)) + text + b"\0"
