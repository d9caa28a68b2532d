//! From texts to a program: parses them, finds the wanted sound and compiles it as the successor of what plays. Loader thread; nothing
//! here is heard or shown yet.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::exchange::Exchange;
use super::mailbox::Mailbox;
use super::reload::Stage;
use super::{Finding, Message};
use crate::compile::{Compiled, Request, compile_after};
use crate::language::{Diagnostic, Library, Severity};
use crate::library::samples::Store;

/// A library whose only sound is silence.
const SILENCE: &str = "silence: {osc: {type: sin, freq: 0, amp: 0}}";

/// What is asked for, beside the texts.
pub struct Order<'a> {
    /// The sound's name; the first sound if it is empty.
    pub sound: &'a str,
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
    pub sounds: Vec<String>,
    pub sound: String,
    pub compiled: Result<Compiled, Vec<Diagnostic>>,
    pub library: Library,
    /// How long the stages took.
    pub times: [(Stage, Duration); 2],
}

/// Parses and compiles; `None` if something newer is asked for meanwhile.
pub fn build(files: Vec<(PathBuf, Vec<u8>)>, order: &Order) -> Option<Outcome> {
    let began = Instant::now();
    let library = read(files);
    let parsed = began.elapsed();
    if order.mailbox.superseded() {
        return None;
    }
    let sounds: Vec<String> = library.sounds().map(|(name, _)| name.to_owned()).collect();
    let forced = (order.forced as usize).checked_sub(1).and_then(|n| sounds.get(n)).map(String::as_str);
    let chosen = (!order.sound.is_empty()).then_some(order.sound);
    let first = sounds.first().map(String::as_str);
    let sound = forced.or(chosen).or(first).unwrap_or_default().to_owned();
    let compiled = compile(&library, &sound, order);
    let times = [(Stage::Parse, parsed), (Stage::Compile, began.elapsed() - parsed)];
    (!order.mailbox.superseded()).then_some(Outcome { sounds, sound, compiled, library, times })
}

/// A program that makes no sound.
pub fn silence(order: &Order) -> Option<Compiled> {
    compile(&read(vec![("silence.yaml".into(), SILENCE.into())]), "silence", order).ok()
}

fn compile(library: &Library, sound: &str, order: &Order) -> Result<Compiled, Vec<Diagnostic>> {
    let Order { seed, store, exchange, .. } = *order;
    let request = Request { library, sound, overrides: &[], rate: exchange.rate(), seed, store };
    compile_after(&request, exchange.before(sound))
}

/// The library in these files.
fn read(files: Vec<(PathBuf, Vec<u8>)>) -> Library {
    let specs: Vec<_> = crate::nodes::ALL.iter().map(|def| &def.spec).collect();
    Library::read(files, &specs)
}

/// Ready to be shown, errors first.
pub fn findings(library: &Library, diagnostics: &[Diagnostic]) -> Vec<Finding> {
    let mut findings: Vec<_> = diagnostics.iter().map(|d| Finding::new(d, library.files())).collect();
    findings.sort_by_key(|finding| finding.severity != Severity::Error);
    findings
}
