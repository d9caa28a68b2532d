//! What a table entry means, in words: the one place from which reference, schema, completion and hover take them. Any thread.

use super::quantity::describe_unit;
use crate::spec::{Channels, Default, Ends, Extra, NodeSpec, ParamKind, ParamSpec};
use crate::units::Unit;

/// A parameter in Markdown: its help, then what it takes.
pub fn describe(param: &ParamSpec) -> String {
    let mut text = param.help.to_string();
    text.push_str("\n\nTakes ");
    text.push_str(param.kind.takes());
    if let Some(unit) = unit_text(param.unit) {
        text.push_str(&format!(" ({unit})"));
    }
    if let Some(range) = range_text(param) {
        text.push_str(&format!(", {range}"));
    }
    text.push('.');
    match default_text(param) {
        Some(default) => text.push_str(&format!(" Default: {default}.")),
        None if param.default == Default::Required => text.push_str(" Must be written."),
        None => {}
    }
    if let ParamKind::Choice(words) = param.kind {
        text.push('\n');
        for choice in words {
            text.push_str(&format!("\n- `{}`: {}", choice.word, choice.help));
        }
    }
    text
}

/// The unit of plain numbers, unless they have none.
pub fn unit_text(unit: Unit) -> Option<&'static str> {
    (unit != Unit::None).then(|| describe_unit(unit))
}

/// `0 to 1`, or nothing where every number has a meaning.
pub fn range_text(param: &ParamSpec) -> Option<String> {
    let (low, high) = param.range?;
    // Bounds that only keep numbers representable are of no interest.
    Some(match (low > -1e5, high < 1e5) {
        (true, true) => format!("{low} to {high}"),
        (true, false) => format!("from {low} up"),
        (false, true) => format!("up to {high}"),
        (false, false) => return None,
    })
}

/// What holds where the parameter is not written; nothing where it must be, or where its help says what its absence means.
pub fn default_text(param: &ParamSpec) -> Option<String> {
    match param.default {
        Default::Required | Default::Absent => None,
        Default::Infinite => Some("without end".into()),
        other => default_of(other).map(|text| format!("`{text}`")),
    }
}

/// A default value as it would be written.
pub fn default_of(default: Default) -> Option<String> {
    match default {
        Default::Required | Default::Absent | Default::Infinite => None,
        Default::Number(x) => Some(x.to_string()),
        Default::Flag(on) => Some(on.to_string()),
        Default::Word(word) => Some(word.to_string()),
        Default::Pair(low, high) => Some(format!("[{low}, {high}]")),
    }
}

/// How many channels a node puts out, as a sentence.
pub fn channels_text(spec: &NodeSpec) -> String {
    match spec.channels {
        Channels::Mono => "Mono.".into(),
        Channels::Stereo => "Stereo.".into(),
        Channels::AsInputs => "Mono, or stereo as soon as an input is.".into(),
        Channels::AsFile => "Mono or stereo, as what it plays and what comes in.".into(),
        Channels::StereoWith([]) => "Mono, or stereo as its signal is.".into(),
        Channels::StereoWith(names) => {
            let names: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
            format!("Stereo when its signal is, or with {} other than 0.", names.join(" or "))
        }
    }
}

/// When a node's output ends, as a sentence.
pub fn ends_text(spec: &NodeSpec) -> String {
    match spec.ends {
        Ends::Never => "Never ends by itself.".into(),
        Ends::With(name) if spec.param(name).is_some() => format!("Ends with its `{name}`."),
        Ends::With(_) => "Ends with what it reads.".into(),
        Ends::WithAllNamed => {
            let what = if let Extra::Named(what) = spec.extra { what } else { "input" };
            format!("Ends when every {what} that is a node has ended.")
        }
        Ends::Own => {
            "Ends by itself: after its `duration` where it has one, or when what it plays is over.".into()
        }
    }
}
