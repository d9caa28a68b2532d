//! Every host parameter, from one table: its id, name, group, range and what it moves. Ids, order, ranges and defaults are frozen
//! (projects and automation depend on them): `params.txt` is the frozen copy, and a test compares. The host writes values from any
//! thread (they are atomics); the audio thread reads them. Nothing here allocates after construction.

mod desk;
mod macros;
pub mod pages;

use std::collections::BTreeMap;
use std::sync::Arc;

use nice_plug::plugin::ParamValue;
use nice_plug::prelude::*;

use super::scale::{SILENCE, Scale};
use crate::engine::{Control, StripControl, TriggerControl};
use crate::session::Session;
use crate::units::db_to_gain;

/// How many macros, strips and triggers the host sees.
pub const MACROS: u8 = 16;
pub const STRIPS: u8 = 16;
pub const TRIGGERS: u8 = 8;
/// Highest value of `sound`.
pub const SOUNDS: i32 = 127;

/// What a parameter moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    Engine(Control),
    /// The n-th sound of the library; 0 leaves the choice to the window and the project.
    Sound,
    /// The next preset or the one before, when it goes on. The front keeps it from the framework, so that it always stands at off.
    Preset {
        forth: bool,
    },
}

/// What values a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    Float { scale: Scale, default: f32 },
    Flag,
    Index { max: i32 },
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Definition {
    pub id: String,
    pub name: String,
    pub group: String,
    pub shape: Shape,
    pub target: Target,
}

impl Definition {
    /// The macro's slot, from 0, if it is one.
    pub fn slot(&self) -> Option<u8> {
        if let Target::Engine(Control::Macro(slot)) = self.target { Some(slot) } else { None }
    }
}

const HERTZ: Scale = Scale::Hertz { min: 20.0, max: 20_000.0 };
const FADER: Shape = Shape::Float { scale: Scale::Level { max: 12.0 }, default: 0.0 };
const SEND: Shape = Shape::Float { scale: Scale::Level { max: 12.0 }, default: SILENCE };

/// A row of a group: id, name, values.
type Row<T> = (T, &'static str, &'static str, Shape);

const STRIP: [Row<StripControl>; 6] = [
    (StripControl::Gain, "gain", "Gain", FADER),
    (StripControl::Pan, "pan", "Pan", Shape::Float { scale: Scale::Pan, default: 0.0 }),
    (StripControl::Mute, "mute", "Mute", Shape::Flag),
    (StripControl::Solo, "solo", "Solo", Shape::Flag),
    (StripControl::SendA, "send_a", "Send A", SEND),
    (StripControl::SendB, "send_b", "Send B", SEND),
];

/// In the order of [`TRIGGER_CONTROLS`](crate::engine::TRIGGER_CONTROLS), with the same defaults.
const TRIGGER: [Row<TriggerControl>; 10] = [
    (
        TriggerControl::Threshold,
        "threshold",
        "Threshold",
        Shape::Float { scale: Scale::Decibels { min: -80.0, max: 0.0 }, default: -40.0 },
    ),
    (
        TriggerControl::Sensitivity,
        "sensitivity",
        "Sensitivity",
        Shape::Float { scale: Scale::Share, default: 0.5 },
    ),
    (
        TriggerControl::Hold,
        "hold",
        "Hold",
        Shape::Float { scale: Scale::Milliseconds { min: 1.0, max: 500.0 }, default: 20.0 },
    ),
    (
        TriggerControl::Retrigger,
        "retrigger",
        "Retrigger",
        Shape::Float { scale: Scale::Milliseconds { min: 1.0, max: 1000.0 }, default: 50.0 },
    ),
    (TriggerControl::FilterLow, "filter_low", "Filter Low", Shape::Float { scale: HERTZ, default: 20.0 }),
    (
        TriggerControl::FilterHigh,
        "filter_high",
        "Filter High",
        Shape::Float { scale: HERTZ, default: 20_000.0 },
    ),
    (
        TriggerControl::VelocityCurve,
        "velocity_curve",
        "Velocity Curve",
        Shape::Float { scale: Scale::Number { min: -1.0, max: 1.0 }, default: 0.0 },
    ),
    (
        TriggerControl::VelocityMin,
        "velocity_min",
        "Velocity Min",
        Shape::Float { scale: Scale::Share, default: 0.0 },
    ),
    (
        TriggerControl::VelocityMax,
        "velocity_max",
        "Velocity Max",
        Shape::Float { scale: Scale::Share, default: 1.0 },
    ),
    (TriggerControl::Learn, "learn", "Learn", Shape::Flag),
];

/// The whole table, in the order the host lists it.
pub fn definitions() -> Vec<Definition> {
    let mut all = vec![define("gain", "Gain", "", FADER, Target::Engine(Control::Gain))];
    for n in 0..MACROS {
        let shape = Shape::Float { scale: Scale::Share, default: 0.0 };
        let name = format!("Macro {}", n + 1);
        all.push(define(
            &format!("macro_{}", n + 1),
            &name,
            "Macros",
            shape,
            Target::Engine(Control::Macro(n)),
        ));
    }
    for n in 0..STRIPS {
        let group = format!("Strip {}", n + 1);
        for (control, id, name, shape) in STRIP {
            let id = format!("strip_{}_{id}", n + 1);
            let target = Target::Engine(Control::Strip(n, control));
            all.push(define(&id, &format!("{group} {name}"), &group, shape, target));
        }
    }
    for n in 0..TRIGGERS {
        let group = format!("Trigger {}", n + 1);
        for (control, id, name, shape) in TRIGGER {
            let id = format!("trigger_{}_{id}", n + 1);
            let target = Target::Engine(Control::Trigger(n, control));
            all.push(define(&id, &format!("{group} {name}"), &group, shape, target));
        }
    }
    all.push(define("sound", "Sound", "", Shape::Index { max: SOUNDS }, Target::Sound));
    for (id, name, forth) in
        [("preset_previous", "Preset Previous", false), ("preset_next", "Preset Next", true)]
    {
        all.push(define(id, name, "", Shape::Flag, Target::Preset { forth }));
    }
    all
}

fn define(id: &str, name: &str, group: &str, shape: Shape, target: Target) -> Definition {
    Definition { id: id.into(), name: name.into(), group: group.into(), shape, target }
}

/// One living parameter.
enum Value {
    Float(FloatParam),
    Flag(BoolParam),
    Index(IntParam),
}

impl Value {
    fn new(definition: &Definition, session: &Arc<Session>) -> Self {
        let name = definition.name.as_str();
        match definition.shape {
            Shape::Float { scale, default } if let Some(slot) = definition.slot() => {
                Value::Float(macros::param(name, slot, scale, default, session))
            }
            Shape::Float { scale, default } => Value::Float(
                FloatParam::new(name, default, scale.range())
                    .with_value_to_string(Arc::new(move |v| scale.text(v)))
                    .with_string_to_value(Arc::new(move |text| scale.parse(text))),
            ),
            Shape::Flag => {
                Value::Flag(BoolParam::new(name, false).with_string_to_value(Arc::new(flag_parse)))
            }
            Shape::Index { max } => Value::Index(
                IntParam::new(name, 0, IntRange::Linear { min: 0, max })
                    .with_value_to_string(Arc::new(index_text))
                    .with_string_to_value(Arc::new(index_parse)),
            ),
        }
    }

    fn pointer(&self) -> ParamPtr {
        match self {
            Value::Float(p) => p.as_ptr(),
            Value::Flag(p) => p.as_ptr(),
            Value::Index(p) => p.as_ptr(),
        }
    }

    /// The value in the unit that the engine wants for this target.
    fn engine_value(&self, target: Target) -> f32 {
        match (self, target) {
            (Value::Float(p), Target::Engine(Control::Gain))
            | (
                Value::Float(p),
                Target::Engine(Control::Strip(
                    _,
                    StripControl::Gain | StripControl::SendA | StripControl::SendB,
                )),
            ) => match p.value() {
                silent if silent <= SILENCE => 0.0,
                level => db_to_gain(f64::from(level)) as f32,
            },
            (Value::Float(p), _) => p.value(),
            (Value::Flag(p), _) => f32::from(u8::from(p.value())),
            (Value::Index(p), _) => p.value() as f32,
        }
    }
}

fn flag_parse(text: &str) -> Option<bool> {
    match &*text.trim().to_ascii_lowercase() {
        "on" | "true" | "yes" | "1" => Some(true),
        "off" | "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn index_text(value: i32) -> String {
    if value == 0 { "As chosen".into() } else { format!("Sound {value}") }
}

fn index_parse(text: &str) -> Option<i32> {
    let lower: String = text.to_ascii_lowercase().split_whitespace().collect();
    if lower == "aschosen" {
        return Some(0);
    }
    lower.strip_prefix("sound").unwrap_or(&lower).trim().parse().ok().map(|n: i32| n.clamp(0, SOUNDS))
}

/// The parameters of one instance, and the way of the project's document into and out of the host's saved state.
pub struct HostParams {
    definitions: Vec<Definition>,
    /// Same order as `definitions`; never resized, because the framework keeps pointers into it.
    values: Box<[Value]>,
    session: Arc<Session>,
}

/// Key of our document in the host's saved state.
const DOCUMENT: &str = "document";

impl HostParams {
    pub fn new(session: Arc<Session>) -> Self {
        let definitions = definitions();
        let values = definitions.iter().map(|d| Value::new(d, &session)).collect();
        Self { definitions, values, session }
    }

    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    pub fn len(&self) -> usize {
        self.definitions.len()
    }

    /// The present plain value of parameter `index`: cheap, to see whether it has changed. Audio thread.
    pub fn plain(&self, index: usize) -> f32 {
        match &self.values[index] {
            Value::Float(p) => p.value(),
            Value::Flag(p) => f32::from(u8::from(p.value())),
            Value::Index(p) => p.value() as f32,
        }
    }

    /// Target of parameter `index`, and its present value in the unit that the target wants. Audio thread.
    pub fn value(&self, index: usize) -> (Target, f32) {
        let target = self.definitions[index].target;
        (target, self.values[index].engine_value(target))
    }

    /// The slot of the macro that parameter `index` is.
    pub fn slot(&self, index: usize) -> Option<u8> {
        self.definitions.get(index).and_then(Definition::slot)
    }

    /// Which way parameter `index` steps through the presets, if it does.
    pub fn steps(&self, index: usize) -> Option<bool> {
        match self.definitions.get(index)?.target {
            Target::Preset { forth } => Some(forth),
            _ => None,
        }
    }

    /// Tells the session the present value of `sound`.
    pub fn tell_sound(&self) {
        if let Some(sound) = self.sound() {
            self.session.override_sound(sound.value().unsigned_abs());
        }
    }

    /// The `sound` parameter, for the window (which sets it back to 0 when a sound is clicked).
    pub fn sound(&self) -> Option<&IntParam> {
        self.values.iter().find_map(|v| if let Value::Index(p) = v { Some(p) } else { None })
    }
}

// SAFETY: the pointers of `param_map` point into `values`, a boxed slice that is never changed and lives as long as `self`.
unsafe impl Params for HostParams {
    fn param_map(&self) -> Vec<(String, ParamPtr, String)> {
        let line = |(d, v): (&Definition, &Value)| (d.id.clone(), v.pointer(), d.group.clone());
        self.definitions.iter().zip(&self.values).map(line).collect()
    }

    fn serialize_fields(&self) -> BTreeMap<String, String> {
        // The framework's fields are JSON themselves: ours is one JSON string. Encoding a string cannot fail.
        BTreeMap::from([(
            DOCUMENT.to_owned(),
            serde_json::to_string(&self.session.save()).unwrap_or_default(),
        )])
    }

    fn deserialize_fields(&self, serialized: &BTreeMap<String, String>) {
        super::contain("state load", || {
            self.tell_sound();
            let field = serialized.get(DOCUMENT).map(|field| serde_json::from_str::<String>(field));
            match field {
                Some(text) => self.session.restore(&text.unwrap_or_default()),
                None => self.session.restore_nothing(),
            }
        });
    }
}

/// Brings a saved state into the present form: parameters that it lacks, or that have the wrong type, take their defaults; values
/// outside a range move to its limit; unknown parameters are left out.
pub fn complete(state: &mut PluginState) {
    let mut found = std::mem::take(&mut state.params);
    for d in definitions() {
        let value = match (d.shape, found.remove(&d.id)) {
            (Shape::Float { scale, default }, saved) => {
                let (min, max) = scale.limits();
                ParamValue::F32(match saved {
                    Some(ParamValue::F32(v)) if v.is_finite() => v.clamp(min, max),
                    _ => default,
                })
            }
            (Shape::Flag, Some(ParamValue::Bool(v))) => {
                ParamValue::Bool(v && !matches!(d.target, Target::Preset { .. }))
            }
            (Shape::Flag, _) => ParamValue::Bool(false),
            (Shape::Index { max }, Some(ParamValue::I32(v))) => ParamValue::I32(v.clamp(0, max)),
            (Shape::Index { .. }, _) => ParamValue::I32(0),
        };
        state.params.insert(d.id, value);
    }
}

#[cfg(test)]
mod tests;
