//! `macros` of a versioned file: reads them, and gives each its slot once those of all files are known. Loader thread.

use super::super::diagnostic::Diagnostic;
use super::super::limits::MACROS;
use super::super::model::Span;
use super::super::quantity::{self, Measure, Reading};
use super::super::scalar::{Meaning, meaning};
use super::super::tree::{Entry, Kind, Tree};
use super::super::{Library, expr, nearest};
use super::Macro;
use crate::units::Unit;

const KEYS: &[&str] = &["slot", "range", "curve", "default", "name"];
const CURVES: &[&str] = &["linear", "log"];
const FORM: &str = "write `brightness: {range: [80 Hz, 8 kHz], curve: log}`, or only `brightness: [0, 1]`";
/// Names that mean something else wherever an expression reads them.
const TAKEN: &[&str] = &["t", "time", "n", "samples", "lambda", "True", "False"];

/// A macro before all files are known.
pub(in crate::language) struct Draft {
    item: Macro,
    /// The slot that it asks for, from 0, and where.
    slot: Option<(u8, Span)>,
}

type Fault = Diagnostic;

fn fault(span: Span, message: impl Into<String>, hint: impl Into<String>) -> Fault {
    Diagnostic::error("macros", span, message).hint(hint)
}

/// Reads the macros of a file. What is wrong is reported and left out.
pub(in crate::language) fn draft(
    library: &mut Library,
    drafts: &mut Vec<Draft>,
    entry: &Entry,
    version: u32,
) {
    let Kind::Map(entries) = &entry.value.kind else {
        let message = format!("`macros` is a mapping of names to ranges, not {}", entry.value.describe());
        library.diagnostics.push(fault(entry.key_span, message, FORM));
        return;
    };
    for entry in entries {
        match one(entry, version) {
            Ok(draft) => drafts.push(draft),
            Err(faults) => library.diagnostics.extend(faults),
        }
    }
}

fn one(entry: &Entry, version: u32) -> Result<Draft, Vec<Fault>> {
    let mut faults = vec![];
    let name = &*entry.key;
    if !expr::is_name(name) || TAKEN.contains(&name) {
        let message = format!("`{}` cannot be the name of a macro", name.escape_debug());
        let hint = if TAKEN.contains(&name) {
            "it means something else in expressions"
        } else {
            "use letters, digits and `_`"
        };
        faults.push(fault(entry.key_span, message, hint));
    }
    let (mut slot, mut range, mut log, mut default, mut title) = (None, None, None, None, None);
    match &entry.value.kind {
        Kind::List(_) => range = Some(&*entry.value),
        Kind::Map(parts) => {
            for part in parts {
                let value = &*part.value;
                let read = match &*part.key {
                    "range" => {
                        range = Some(value);
                        Ok(())
                    }
                    "default" => {
                        default = Some(value);
                        Ok(())
                    }
                    "slot" => number_of_slot(value, version).map(|n| slot = Some((n, value.span))),
                    "curve" => curve(value).map(|curve| log = Some((curve == "log", value.span))),
                    "name" => text(value, version).map(|text| title = Some(text)),
                    other => Err(unknown(other, part.key_span)),
                };
                faults.extend(read.err());
            }
        }
        Kind::Broken => {}
        Kind::Scalar(_) => {
            faults.push(fault(entry.value.span, format!("the macro `{name}` needs a range"), FORM))
        }
    }
    let log = log.unwrap_or((false, entry.key_span));
    let scale = range.map_or(Ok((None, (0.0, 1.0))), |tree| ends(tree, version, log));
    let item = scale.and_then(|(measure, ends)| {
        let title = title.unwrap_or_else(|| readable(name));
        let (name, span) = (name.to_owned(), entry.key_span);
        let mut item = Macro { name, title, slot: 0, default: 0.0, span, measure, ends, log: log.0 };
        if let Some(tree) = default {
            item.default = start(&item, tree, version)?;
        }
        Ok(item)
    });
    match item {
        Ok(item) if faults.is_empty() => Ok(Draft { item, slot }),
        item => {
            faults.extend(item.err());
            Err(faults)
        }
    }
}

/// `filter_cutoff` is shown as `Filter cutoff`.
fn readable(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    first + &letters.as_str().replace('_', " ")
}

fn unknown(key: &str, span: Span) -> Fault {
    let hint = match nearest(key, KEYS.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it knows {}", KEYS.join(", ")),
    };
    fault(span, format!("a macro has no key `{key}`"), hint)
}

fn number_of_slot(tree: &Tree, version: u32) -> Result<u8, Fault> {
    let number = match &tree.kind {
        Kind::Scalar(s) => meaning(s, version),
        _ => Meaning::Null,
    };
    match number {
        Meaning::Number(n) if n.fract() == 0.0 && (1.0..=MACROS as f64).contains(&n) => Ok(n as u8 - 1),
        _ => {
            let message = format!("`slot` is a whole number from 1 to {MACROS}");
            Err(fault(tree.span, message, "leave it out to get the next one that is free"))
        }
    }
}

fn curve(tree: &Tree) -> Result<&'static str, Fault> {
    let word = if let Kind::Scalar(s) = &tree.kind { s.text.trim() } else { "" };
    CURVES.iter().copied().find(|c| c.eq_ignore_ascii_case(word)).ok_or_else(|| {
        let hint = match nearest(word, CURVES.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write `linear`, or `log` for frequencies and times".into(),
        };
        fault(tree.span, "`curve` is `linear` or `log`", hint)
    })
}

fn text(tree: &Tree, version: u32) -> Result<String, Fault> {
    match &tree.kind {
        Kind::Scalar(s) if meaning(s, version) != Meaning::Null && !s.text.trim().is_empty() => {
            Ok(s.text.trim().to_owned())
        }
        _ => Err(fault(tree.span, "`name` is a text that people read", "write `name: Brightness`")),
    }
}

type Ends = (Option<Measure>, (f64, f64));

fn ends(tree: &Tree, version: u32, (log, curve): (bool, Span)) -> Result<Ends, Fault> {
    let items = if let Kind::List(items) = &tree.kind { &items[..] } else { &[] };
    let [low, high] = items else {
        return Err(fault(tree.span, "a range is a list of two values", "write `range: [80 Hz, 8 kHz]`"));
    };
    let ((measure, from), (other, to)) = (amount(low, version)?, amount(high, version)?);
    if measure != other {
        let hint = "give both ends the same kind of unit";
        return Err(fault(
            high.span,
            format!("this end is {}, the first one {}", kind(other), kind(measure)),
            hint,
        ));
    }
    if from == to {
        return Err(fault(tree.span, "both ends of this range are the same", "write two different values"));
    }
    if log && matches!(measure, Some(Measure::Level | Measure::Pitch)) {
        let message = format!("`curve: log` is not for {}: it counts equal factors already", kind(measure));
        return Err(fault(curve, message, "leave `curve` out"));
    }
    if log && from * to <= 0.0 {
        let message = "`curve: log` cannot go through 0, nor to it";
        return Err(fault(curve, message, "begin with a small value, or write `curve: linear`"));
    }
    Ok((measure, (from, to)))
}

/// The share of the way at which a macro stands until it is moved.
fn start(item: &Macro, tree: &Tree, version: u32) -> Result<f64, Fault> {
    let (measure, value) = amount(tree, version)?;
    if measure != item.measure {
        let message = format!("this is {}, the range {}", kind(measure), kind(item.measure));
        return Err(fault(tree.span, message, "give it the unit of the range"));
    }
    let share = item.share(value).filter(|share| (-1e-9..=1.0 + 1e-9).contains(share));
    share.map(|share| share.clamp(0.0, 1.0)).ok_or_else(|| {
        let (low, high) = item.range_text();
        fault(tree.span, "`default` lies outside of the range", format!("write a value from {low} to {high}"))
    })
}

/// A number, and what it measures if it says so.
fn amount(tree: &Tree, version: u32) -> Result<(Option<Measure>, f64), Fault> {
    let hint = "write a number, with a unit where it has one: 80 Hz, -6 dB, 35 %";
    let Kind::Scalar(scalar) = &tree.kind else {
        return Err(fault(tree.span, format!("this is a number, not {}", tree.describe()), hint));
    };
    let text = scalar.text.trim();
    match meaning(scalar, version) {
        Meaning::Number(x) if x.is_finite() => return Ok((None, x)),
        Meaning::Text => {}
        _ => return Err(fault(tree.span, format!("`{text}` is not an ordinary number"), hint)),
    }
    match quantity::read(text, Some(Unit::Pan), false) {
        Reading::Quantity(q) if q.measure() == Measure::Beats => {
            let message = "a macro cannot be a musical time";
            Err(fault(
                tree.span,
                message,
                "write plain numbers, and multiply by `beat` or `bar` where it is read",
            ))
        }
        Reading::Quantity(q) => Ok((Some(q.measure()), q.value())),
        Reading::UnknownUnit(unit, near) => {
            let hint = near.map_or(hint.to_owned(), |near| format!("did you mean `{near}`?"));
            Err(fault(tree.span, format!("there is no unit `{unit}`"), hint))
        }
        Reading::Other => Err(fault(tree.span, "this is not a number", hint)),
    }
}

fn kind(measure: Option<Measure>) -> &'static str {
    measure.map_or("a plain number", quantity::described)
}

/// Gives every macro its slot: those that ask for one first, the others what is free, in order.
pub(in crate::language) fn settle(library: &mut Library, drafts: Vec<Draft>) {
    let mut taken: [Option<Span>; MACROS] = [None; MACROS];
    let mut kept: Vec<Draft> = vec![];
    for draft in drafts {
        let Draft { item: Macro { name, span, .. }, slot } = &draft;
        let variable = library.vars.iter().find(|(n, ..)| n == name).map(|(.., at)| *at);
        let same = kept.iter().find(|d| d.item.name == *name).map(|d| d.item.span);
        if let Some((first, what)) = same.map(|at| (at, "macro")).or(variable.map(|at| (at, "variable"))) {
            let message = format!("there is a {what} `{name}` already");
            let clash = Diagnostic::error("name-clash", *span, message).related(first, "first defined here");
            library.diagnostics.push(clash.hint("rename one of the two"));
            continue;
        }
        if let Some((slot, at)) = slot {
            if let Some(first) = taken[usize::from(*slot)] {
                let clash = fault(
                    *at,
                    format!("slot {} is taken", slot + 1),
                    "leave `slot` out to get the next one that is free",
                );
                library.diagnostics.push(clash.related(first, "taken here"));
                continue;
            }
            taken[usize::from(*slot)] = Some(*at);
        }
        kept.push(draft);
    }
    let mut free = (0..MACROS as u8).filter(|slot| taken[usize::from(*slot)].is_none());
    for Draft { mut item, slot } in kept {
        match slot.map(|(slot, _)| slot).or_else(|| free.next()) {
            Some(slot) => {
                item.slot = slot;
                library.macros.push(item);
            }
            None => {
                let message = format!("a library has at most {MACROS} macros");
                library
                    .diagnostics
                    .push(Diagnostic::error("too-large", item.span, message).hint("remove some of them"));
            }
        }
    }
    library.macros.sort_by_key(|item| item.slot);
}
