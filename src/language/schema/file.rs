//! The schema's view of a whole file: the keys that are no sounds, and what depends on whether it says its version. Any thread.

use serde_json::{Map, Value, json};

use crate::language::limits::MACROS;
use crate::language::settings;
use crate::spec::{Extra, LATE, NodeSpec};

/// The keys of a file that are no sounds, in files that say their version.
pub(super) fn settings() -> Map<String, Value> {
    let about: Map<String, Value> = settings::ABOUT.iter().map(|name| ((*name).into(), json!({}))).collect();
    let forms = json!({
        "vars": {
            "description": "Names for the whole library: numbers, texts or lists of these.",
            "type": "object",
            "additionalProperties": {
                "type": ["number", "string", "boolean", "array"],
                "items": { "type": ["number", "string", "boolean"] },
            },
        },
        "macros": {
            "description": "What is turned while it plays: each has a range, and the host sees it as one of its parameters.",
            "type": "object",
            "additionalProperties": { "anyOf": [
                { "$ref": "#/definitions/ends" },
                {
                    "type": "object",
                    "properties": {
                        "range": { "description": "What its two ends stand for; [0, 1] if not said.", "$ref": "#/definitions/ends" },
                        "curve": { "description": "`log` for equal factors.", "enum": ["linear", "log"] },
                        "default": { "description": "Where it stands until it is moved; the first end if not said.", "type": ["number", "string"] },
                        "slot": { "description": "Which of the host's parameters it is; the next one that is free if not said.", "type": "integer", "minimum": 1, "maximum": MACROS },
                        "name": { "description": "As people read it.", "type": "string" },
                    },
                    "additionalProperties": false,
                },
            ]},
        },
        "about": {
            "description": "What the library is and who made it.",
            "type": "object",
            "properties": about,
            "additionalProperties": false,
        },
        "roots": {
            "description": "Folders where samples may lie beside the library's own, relative to this file.",
            "type": "array",
            "items": { "type": "string" },
        },
        "frozen": {
            "description": "Tracks that are played from recordings of themselves; written by `seiche freeze`.",
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "properties": {
                        "file": { "description": "The recording, relative to this file.", "type": "string" },
                        "source": { "description": "What it was made of, as a number.", "type": "string" },
                        "fader": { "description": "Whether it was taken before the fader or behind it.", "enum": ["pre", "post"] },
                        "end": { "description": "Frames of the song; behind them it rings out.", "type": "integer", "minimum": 0 },
                        "bpm": { "description": "The tempo of the host that it was made for.", "type": "number" },
                    },
                    "additionalProperties": false,
                },
            },
        },
        "feedback": {
            "description": "How many frames later a node is heard where it is read before it runs; 64 if not said.",
            "type": "integer",
            "minimum": LATE.0,
            "maximum": LATE.1,
        },
        "tuning": {
            "description": "Scala files that say which frequency keys and note names have.",
            "type": "object",
            "properties": {
                "scale": { "description": "A scale, .scl", "type": "string" },
                "keyboard": { "description": "A keyboard mapping, .kbm", "type": "string" },
            },
            "additionalProperties": false,
        },
    });
    forms.as_object().cloned().unwrap_or_default()
}

/// Where `feedback` may stand at any depth of a file, and as what. Plain files do not know it: nodes that take names of their own may
/// call one so, the others have no such parameter. In versioned files it is a number everywhere. (Each is a tree of its own beside the
/// nodes', since those cannot see how their file begins.)
pub(super) fn late(specs: &[&'static NodeSpec]) -> Map<String, Value> {
    let trees = [
        ("plain", false, json!(false)),
        ("versioned", true, json!({ "$ref": "#/definitions/any.feedback" })),
    ];
    let mut definitions = Map::new();
    for (name, named, feedback) in trees {
        let (all, within) = (format!("#/definitions/{name}"), format!("{name}.node"));
        let bound = |spec: &&&'static NodeSpec| {
            spec.param("feedback").is_none() && matches!(spec.extra, Extra::Named(_)) == named
        };
        let kinds: Map<String, Value> = specs
            .iter()
            .filter(bound)
            .map(|spec| (spec.name.into(), json!({ "$ref": format!("#/definitions/{within}") })))
            .collect();
        let below = json!({ "$ref": all });
        definitions.insert(
            name.into(),
            json!({ "properties": kinds, "additionalProperties": below, "items": below }),
        );
        definitions.insert(within, json!({ "properties": { "feedback": feedback }, "allOf": [below] }));
    }
    definitions
}
