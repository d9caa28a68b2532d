#!/usr/bin/env python3
"""Makes the corpora of the drum trigger: what trains its weights, what it is tuned on, and what nobody looks at before the end.

    trigger_corpora.py --tools DIR --samples CACHE --out DIR [--sets train tune held seen]

DIR of --tools holds make_corpus.py (the generator); CACHE the Debian packages that it fetches. Beside the generator's own kits,
further ones of the same packages are used; which kit and which seed belongs to which set is the table SETS. The same arguments
make the same files. The training set has some more classes of spill than the generator, so that spill is not tied to grooves.
"""
import argparse, importlib.util, os, sys

GM = {"kick": "36", "snare": "38", "snare2": "40", "tom": "45", "tom2": "41", "hat": "42", "ohat": "46", "crash": "49"}
LEVELS = ["Softest", "Soft", "Med", "Hard", "Hardest"]


def kits(m):
    """Kits beside the generator's: name -> (folder, {instrument: [files soft -> loud]})."""
    five = lambda name: [f"{name}-{level}.wav" for level in LEVELS]
    djembe = lambda n: ("circAfrique v4", {
        "kick": [f"Djembe{n} Bass.wav"], "snare": [f"Djembe{n} Slap.wav"], "tom": [f"Djembe{n} Tone.wav"],
        "tom2": ["Dununba1 Head Hit.wav"], "hat": ["Kenkeni1 Bell Mute.wav"], "ohat": ["Kenkeni1 Bell Hit.wav"],
        "crash": ["Sangban1 Bell Hit.wav"]})
    return {
        "colombo": ("ColomboAcousticDrumkit", {
            "kick": ["bassdrum-4mics-br-stereo-soft2.flac", "bassdrum-4mics-br-stereo-soft4.flac",
                     "bassdrum-4mics-br-stereo-normal3.flac"],
            "snare": ["snare-opaque-2mics_normal-shot1.flac", "snare-opaque-normal-mic-normal_shot2.flac",
                      "snare-opaque-normal-mic-normal_shot3.flac"],
            "snare2": [f"snare-opaque-normal-mic-rimshot{n}.flac" for n in (2, 6, 7)],
            "tom": ["tom-hi-1.flac", "tom-mid-1.flac"], "tom2": ["tom-low-1.flac"],
            "hat": [f"hihat-closed-{n}.flac" for n in (1, 4, 6)], "ohat": [f"hihat-open-{n}.flac" for n in (1, 4, 5)],
            "crash": ["crash16i__crash1.flac", "crash20i__crash.flac"]}),
        "gimme": ("Gimme A Hand 1.0", {
            "kick": five("CajonThumps"), "snare": five("CajonSlaps"), "snare2": five("HandClap"), "tom": five("BongoHi"),
            "tom2": five("BongoLo"), "hat": five("Maraca"), "ohat": five("Tambourine"), "crash": five("WaterglassHi")}),
        "millo1": ("Millo-Drums_v.1", {
            "kick": ["bd1.flac"], "snare": ["snare1.flac"], "snare2": ["snare3.flac"], "tom": ["tom1_1.flac"],
            "tom2": ["tom2_1.flac"], "hat": ["closehihat3.flac"], "ohat": ["openhat2.flac"], "crash": ["crash.flac"]}),
        "vari": ("VariBreaks", {
            "kick": [f"VP Kick {n}.flac" for n in (1, 2, 3)], "snare": ["VP Snare 1.flac"], "snare2": ["VP Snare 2.flac"],
            "tom": ["VP Tom Hi.flac"], "tom2": ["VP Tom Low.flac"], "hat": ["VP Hat 1 Cl.flac"], "ohat": ["VP Hat 1 Op.flac"]}),
        "djembe1": djembe(1), "djembe3": djembe(3),
        "pearl1": ("The Black Pearl 1.0", {
            "kick": five("PearlKick"), "snare": five("PearlSnare"), "snare2": five("PearlSnareRimshot"),
            "tom": five("PearlTom1"), "tom2": five("PearlTomFloor"), "hat": five("SabianHatClosed"),
            "ohat": five("SabianHatOpen"), "crash": five("SabianCrash")}),
    }


OWN = ["bja", "forzee", "millo2", "millo3", "redzep"]
TUNE_KITS = ["forzee", "colombo"]
HELD_KITS = ["pearl1", "pearl4"]
LEARN_KITS = [k for k in OWN if k not in TUNE_KITS] + ["gimme", "millo1", "vari", "djembe1", "djembe3"]

# name -> (kits, seeds, files per class, more classes of spill)
SETS = {
    "train": (LEARN_KITS, [101, 102, 103, 104], 12, True),  # first weights, while settings are chosen
    "tune": (TUNE_KITS, [201], 6, False),                    # settings are chosen on these
    "same": (LEARN_KITS[:3], [202], 4, False),              # kits of `train`, another seed: what is lost by new kits alone
    "more": (TUNE_KITS + OWN, [111, 112], 12, True),        # joins `train` for the weights that are checked in
    "held": (HELD_KITS, [301, 302], 4, False),               # kits and seeds nobody looks at before the end
    "seen": (OWN, [0, 77], 4, False),                        # the generator's own kits, seeds nobody looks at before the end
}

MORE_CLASSES = {
    "roll_bleed_20": dict(inst="snare", perf="roll", bleed=-20, parts=("kick", "hat", "tom")),
    "flam_bleed_20": dict(inst="snare", perf="flam", bleed=-20, parts=("kick", "hat", "crash")),
    "kick_bleed_12": dict(inst="kick", perf="kick", lo=20, bleed=-12, parts=("snare", "hat", "tom")),
    "tom_bleed_18": dict(inst="tom", perf="tom", bleed=-18, parts=("snare", "kick", "hat", "crash")),
    "snare_bleed_15": dict(inst="snare", perf="groove", lo=15, bleed=-15, parts=("kick", "hat", "tom", "crash")),
    "noise_50": dict(inst="any", perf="auto", lo=12, noise=-50, bleed=-22, parts=("snare", "kick", "hat", "tom")),
}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--tools", required=True)
    ap.add_argument("--samples", required=True)
    ap.add_argument("--out", required=True)
    ap.add_argument("--sets", nargs="*", default=list(SETS))
    a = ap.parse_args()
    spec = importlib.util.spec_from_file_location("make_corpus", os.path.join(a.tools, "make_corpus.py"))
    m = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(m)
    for name, (folder, instruments) in kits(m).items():
        m.FILES[name] = ("dev", m.K + folder, instruments)
    m.SF2["pearl4"] = ("dev", "usr/share/sounds/sf2/Black_Pearl_4_LV2.sf2", GM)
    everything = m.load_kits(a.samples, "dev")
    own_classes = dict(m.CLASSES)
    for name in a.sets:
        names, seeds, files, more = SETS[name]
        m.load_kits = lambda root, fold: {k: v for k, v in everything.items() if k in names}
        m.CLASSES.clear()
        m.CLASSES.update(own_classes, **(MORE_CLASSES if more else {}))
        for seed in seeds:
            sys.argv = ["make_corpus.py", "--samples", a.samples, "--out", os.path.join(a.out, f"{name}-{seed}"), "--seed",
                        str(seed), "--files", str(files), "--classes", *m.CLASSES]
            m.main()


if __name__ == "__main__":
    main()
