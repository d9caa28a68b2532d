//! From texts to a program: parses them, finds the wanted sound and compiles it as the successor of what plays. Loader thread; nothing
//! here is heard or shown yet.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::exchange::Exchange;
use super::mailbox::Mailbox;
use super::reload::Stage;
use super::{Finding, Message};
use crate::compile::{Compiled, Program, Request, compile_to_try};
use crate::engine::{Fault, try_out};
use crate::language::model::Span;
use crate::language::{Content, Diagnostic, Library, Reader, Severity};
use crate::library;
use crate::library::samples::Store;
use crate::spec::NodeSpec;

/// A library whose only sound is silence.
const SILENCE: &str = "silence: {osc: {type: sin, freq: 0, amp: 0}}";

/// What is asked for, beside the texts.
pub struct Order<'a> {
    /// The sound's name; the first sound if it is empty.
    pub sound: &'a str,
    /// The sound to be played where the library does not have that one.
    pub instead: Option<&'a str>,
    /// Number of the sound that the host insists on, counted from 1; 0 if it does not.
    pub forced: u32,
    pub seed: u64,
    pub store: &'a Mutex<Store>,
    /// Knows the program that this one takes over from.
    pub exchange: &'a Exchange,
    /// Knows whether something newer is asked for, so that there is no use in going on.
    pub mailbox: &'a Mailbox<Message>,
}

/// A library that has been read, and what came of the wanted sound.
pub struct Outcome {
    pub sound: String,
    /// The choice that led to it, unless the host insists on another: the sound's name, or empty for the first sound.
    pub choice: String,
    pub compiled: Result<Compiled, Vec<Diagnostic>>,
    /// What is wrong with the first frames of the compiled sound.
    pub trial: Option<Diagnostic>,
    pub library: Library,
    /// How long the stages took.
    pub times: Vec<(Stage, Duration)>,
}

/// Parses what `reader` does not know and compiles; `None` if something newer is asked for meanwhile.
pub fn build(files: Vec<(Arc<Path>, Content)>, reader: &mut Reader, order: &Order) -> Option<Outcome> {
    let began = Instant::now();
    let library = reader.read_unless(files, &specs(), &|| order.mailbox.superseded())?;
    let parsed = began.elapsed();
    if order.mailbox.superseded() {
        return None;
    }
    let number = |n: usize| library.sounds().nth(n).map(|(name, _)| name);
    let forced = (order.forced as usize).checked_sub(1).and_then(number);
    let has = |name: &&str| name.is_empty() || library.sounds().any(|(known, _)| known == *name);
    let choice =
        if has(&order.sound) { order.sound } else { order.instead.filter(has).unwrap_or(order.sound) };
    let chosen = (!choice.is_empty()).then_some(choice);
    let sound = forced.or(chosen).or_else(|| library.opening()).unwrap_or_default().to_owned();
    let result = compile(&library, &sound, order);
    let done = began.elapsed();
    let mut times = vec![(Stage::Parse, parsed), (Stage::Compile, done - parsed)];
    let (compiled, trial) = match result {
        Ok((compiled, copy)) => {
            let tried = copy.map_or(Ok(()), try_out);
            times.push((Stage::Trial, began.elapsed() - done));
            match tried {
                Ok(()) => (Ok(compiled), None),
                Err(Fault::Panics) => (Err(vec![panics(&library, &sound)]), None),
                Err(Fault::NotFinite(tracks)) => (Ok(compiled), Some(not_finite(&library, &sound, &tracks))),
            }
        }
        Err(faults) => (Err(faults), None),
    };
    let choice = choice.to_owned();
    (!order.mailbox.superseded()).then_some(Outcome { sound, choice, compiled, trial, library, times })
}

/// A program that makes no sound.
pub fn silence(order: &Order) -> Option<Compiled> {
    let library = Library::read(vec![("silence.yaml".into(), SILENCE)], &specs());
    compile(&library, "silence", order).ok().map(|(compiled, _)| compiled)
}

type Tried = (Compiled, Option<Box<Program>>);

/// Compiles, with a copy to be tried out.
fn compile(library: &Library, sound: &str, order: &Order) -> Result<Tried, Vec<Diagnostic>> {
    let Order { seed, store, exchange, .. } = *order;
    let gear = exchange.gear();
    let request = Request {
        library,
        sound,
        overrides: &[],
        rate: gear.engine_rate(),
        quality: gear.quality,
        seed,
        store,
    };
    compile_to_try(&request, exchange.before(sound))
}

fn panics(library: &Library, sound: &str) -> Diagnostic {
    let message = format!("Seiche met a fault of its own when it tried `{sound}` out; nothing has changed");
    Diagnostic { span: place(library, sound), ..Diagnostic::general("fault", message) }
}

fn not_finite(library: &Library, sound: &str, tracks: &[String]) -> Diagnostic {
    let tracks = tracks.iter().map(|track| format!("`{track}`")).collect::<Vec<_>>().join(" and ");
    let message = format!("the first frames of {tracks} in `{sound}` are not finite numbers");
    Diagnostic { span: place(library, sound), ..Diagnostic::general("not-finite", message) }
        .hint("look for a division by 0, or a root or logarithm of what can be 0 or less")
}

/// Where a sound is defined.
fn place(library: &Library, sound: &str) -> Option<Span> {
    library.sounds().find(|(name, _)| *name == sound).map(|(_, span)| span)
}

/// Writes a library with all that it names to a folder or a bundle; what became of that.
pub fn collect(contents: Vec<(PathBuf, Content)>, store: &mut Store, to: &Path) -> Finding {
    let library = Library::read(contents.clone(), &specs());
    let written = match library::collect::collect(&library, &contents, store) {
        Ok(made) => library::collect::write(&made, to, false),
        Err(errors) => {
            let first = errors.first().map(|error| Finding::new(error, library.files()));
            let more = errors.len().saturating_sub(1);
            let more = if more == 0 { String::new() } else { format!(" ({more} more like this)") };
            return first.map_or_else(
                || Finding::general("Not collected."),
                |first| Finding { message: format!("not collected: {}{more}", first.message), ..first },
            );
        }
    };
    match written {
        Ok(report) => Finding {
            severity: Severity::Note,
            ..Finding::general(format!("Collected {} into {}.", report.line(), to.display()))
        },
        Err(why) => Finding::general(format!("Not collected: {why}.")),
    }
}

/// The node kinds that a text may use.
pub fn specs() -> Vec<&'static NodeSpec> {
    crate::nodes::ALL.iter().map(|def| &def.spec).collect()
}

/// Ready to be shown, errors first.
pub fn findings(library: &Library, diagnostics: &[Diagnostic]) -> Vec<Finding> {
    let mut findings: Vec<_> = diagnostics.iter().map(|d| Finding::new(d, library.files())).collect();
    findings.sort_by_key(|finding| finding.severity != Severity::Error);
    findings
}
