//! The loader thread: reads, parses and compiles what is asked for, hands programs to the engine, and takes back those that it has done
//! with. Files that are saved are read again. The newest request wins: work that is no longer wanted is given up between stages. A text with errors changes nothing that is
//! heard.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::mailbox::Taken;
use super::{Document, File, Finding, Message, Shared, Status};
use crate::compile::{Blueprint, Compiled, Program, Request, compile, compile_after};
use crate::engine::Remote;
use crate::language::{Diagnostic, Library, Severity};
use crate::library::{self, samples::Store, watch::Watch};

/// How often the loader looks for programs to take back and for the host's `sound` parameter.
const LOOK: Duration = Duration::from_millis(50);
/// What is compiled for while there is no engine, so that errors show before the host plays.
const ANY_RATE: f64 = 48_000.0;

/// A library whose only sound is silence.
const SILENCE: &str = "silence: {osc: {type: sin, freq: 0, amp: 0}}";

pub fn run(shared: Arc<Shared>) {
    let mut loader = Loader::new(shared.clone());
    loop {
        let number = match shared.mailbox.take(LOOK) {
            Taken::Closed => return,
            Taken::Nothing => None,
            Taken::Messages(messages, number) => {
                messages.into_iter().for_each(|message| loader.note(message));
                Some(number)
            }
        };
        let worked = catch_unwind(AssertUnwindSafe(|| loader.work())).unwrap_or_else(|_| {
            loader.todo = Todo::Nothing;
            loader.report(
                Status::Broken,
                vec![Finding::general("Seiche met a fault of its own while loading; nothing has changed.")],
            );
            Progress::Done
        });
        if let (Some(number), Progress::Done) = (number, worked) {
            shared.mailbox.finish(number);
        }
    }
}

/// How far the wish is from being fulfilled.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Todo {
    Nothing,
    Build,
    /// Read the files, then build.
    Read,
}

/// A program on its way to the engine.
struct Ready {
    program: Box<Program>,
    blueprint: Blueprint,
}

enum Progress {
    Done,
    /// Something newer is asked for.
    GivenUp,
}

struct Loader {
    shared: Arc<Shared>,
    /// What is wanted; becomes the session's document once it sounds.
    wish: Document,
    /// The wanted files as they were read.
    files: Vec<(PathBuf, Vec<u8>)>,
    todo: Todo,
    engine: Option<(f64, Remote)>,
    /// Whether the present engine has been given a program.
    given: bool,
    /// A program for which the engine had no room yet.
    waiting: Option<Ready>,
    /// The host's `sound` parameter as it was last used.
    sound: u32,
    store: Mutex<Store>,
    watch: Watch,
    /// Sound and blueprint of the program that the engine was sent last: what comes next takes over from it.
    sent: Option<(String, Blueprint)>,
}

/// A library that has been read, and what came of the wanted sound.
struct Outcome {
    sounds: Vec<String>,
    sound: String,
    compiled: Result<Compiled, Vec<Diagnostic>>,
    library: Library,
}

impl Loader {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            wish: Document::default(),
            files: vec![],
            todo: Todo::Nothing,
            engine: None,
            given: false,
            waiting: None,
            sound: 0,
            store: Mutex::default(),
            watch: Watch::default(),
            sent: None,
        }
    }

    /// Takes a message into the wish.
    fn note(&mut self, message: Message) {
        let mut need = Todo::Build;
        match message {
            Message::Open(path) => {
                let path = path.display().to_string();
                self.wish = Document { path, seed: self.wish.seed, ..Document::default() };
                need = Todo::Read;
            }
            Message::Reload if self.wish.path.is_empty() => need = Todo::Nothing,
            Message::Reload => need = Todo::Read,
            Message::Choose(sound) => self.wish.sound = sound,
            Message::Restore(document) => self.wish_for(&document),
            Message::Engine(rate, remote) => {
                self.engine = Some((rate, remote));
                (self.given, self.waiting, self.sent) = (false, None, None);
            }
        }
        if need > self.todo {
            self.todo = need;
        }
    }

    /// Wants what a document holds; one with a path and no text is read from there.
    fn wish_for(&mut self, document: &Document) {
        self.wish = document.clone();
        self.files =
            document.files.iter().map(|f| (PathBuf::from(&f.path), f.text.clone().into_bytes())).collect();
        // The saved text sounds; what the files say counts from their next save on.
        self.watch.follow(Path::new(&self.wish.path));
        self.todo =
            if document.files.is_empty() && !document.path.is_empty() { Todo::Read } else { Todo::Build };
    }

    /// Does what there is to do, unless something newer comes in between.
    fn work(&mut self) -> Progress {
        self.exchange();
        let sound = self.shared.sound.load(Ordering::Relaxed);
        if sound != self.sound {
            self.sound = sound;
            self.todo = if self.todo < Todo::Build { Todo::Build } else { self.todo };
        }
        if self.todo == Todo::Nothing && self.watch.look(Instant::now()) {
            self.todo = Todo::Read;
        }
        if self.todo == Todo::Read {
            self.shared.publish(|snapshot| snapshot.status = Status::Loading);
            self.watch.follow(Path::new(&self.wish.path));
            match library::read(Path::new(&self.wish.path)) {
                Ok(files) => (self.files, self.todo) = (files, Todo::Build),
                Err(fault) => {
                    self.todo = Todo::Nothing;
                    self.report(Status::Broken, vec![Finding::new(&fault, &[])]);
                    self.fall_back();
                }
            }
            if self.shared.mailbox.superseded() {
                return Progress::GivenUp;
            }
        }
        if self.todo == Todo::Build {
            let Some(outcome) = self.build() else { return Progress::GivenUp };
            self.todo = Todo::Nothing;
            self.conclude(outcome);
            self.watch_named();
        }
        self.exchange();
        Progress::Done
    }

    /// Watches the files that the texts name, as well.
    fn watch_named(&mut self) {
        let tunings = self.files.iter().map(|(path, _)| path.clone());
        let samples = self.store.lock().map(|store| store.paths().cloned().collect::<Vec<_>>());
        self.watch.also(tunings.chain(samples.unwrap_or_default()).collect());
    }

    /// Parses and compiles the wanted sound; `None` if something newer is asked for.
    fn build(&self) -> Option<Outcome> {
        let library = read(self.files.clone());
        if self.shared.mailbox.superseded() {
            return None;
        }
        let sounds: Vec<String> = library.sounds().map(|(name, _)| name.to_owned()).collect();
        let forced = (self.sound as usize).checked_sub(1).and_then(|n| sounds.get(n));
        let chosen = (!self.wish.sound.is_empty()).then_some(&self.wish.sound);
        let sound = forced.or(chosen).or(sounds.first()).cloned().unwrap_or_default();
        let rate = self.engine.as_ref().map_or(ANY_RATE, |(rate, _)| *rate);
        let (seed, store) = (self.wish.seed, &self.store);
        let request = Request { library: &library, sound: &sound, overrides: &[], rate, seed, store };
        let before = self.sent.as_ref().filter(|(name, _)| *name == sound).map(|(_, blueprint)| blueprint);
        let compiled = compile_after(&request, before);
        let outcome = Outcome { sound, compiled, sounds, library };
        (!self.shared.mailbox.superseded()).then_some(outcome)
    }

    /// Hands the program over, or says why there is none.
    fn conclude(&mut self, outcome: Outcome) {
        let Outcome { sounds, sound, compiled, library } = outcome;
        let mut diagnostics = library.diagnostics().to_vec();
        let broken = diagnostics.iter().any(Diagnostic::is_error);
        let mut strips = None;
        let status = match compiled {
            _ if self.files.is_empty() => {
                self.silence();
                self.shared.sounds_now(self.document());
                strips = Some(vec![]);
                Status::Empty
            }
            // With an error anywhere the text is half-written: better to go on with the last whole one, if there is one.
            Ok(_) if broken && self.given => Status::Broken,
            Ok(compiled) => {
                diagnostics.extend(compiled.warnings);
                strips = Some(compiled.program.strips().iter().map(|strip| strip.name.clone()).collect());
                self.give(compiled.program, compiled.blueprint);
                self.shared.sounds_now(self.document());
                if broken { Status::Broken } else { Status::Playing }
            }
            Err(faults) => {
                diagnostics.extend(faults);
                Status::Broken
            }
        };
        self.exchange();
        self.shared.publish(|snapshot| {
            snapshot.sounds.clone_from(&sounds);
            snapshot.sound.clone_from(&sound);
            if let Some(strips) = &strips {
                snapshot.strips.clone_from(strips);
            }
        });
        self.report(status, findings(&library, &diagnostics));
        self.fall_back();
        if !self.shared.mailbox.superseded() {
            // What is wrong in the other sounds is shown, too, but does not keep this one from playing.
            diagnostics.extend(
                library.check().into_iter().filter(|found| !diagnostics.contains(found)).collect::<Vec<_>>(),
            );
            self.report(status, findings(&library, &diagnostics));
        }
    }

    /// An engine that was made anew gets the last good document where the wanted one has errors.
    fn fall_back(&mut self) {
        let good = self.shared.document.load_full();
        if self.given || self.engine.is_none() || good.files.is_empty() || *good == self.wish {
            return;
        }
        let wanted = (self.wish.clone(), std::mem::take(&mut self.files));
        self.wish_for(&good);
        if let Some(Outcome { compiled: Ok(compiled), .. }) = self.build() {
            self.give(compiled.program, compiled.blueprint);
        }
        (self.wish, self.files) = wanted;
        self.todo = Todo::Nothing;
    }

    /// What is saved once the wish sounds.
    fn document(&self) -> Document {
        let text = |(path, bytes): &(PathBuf, Vec<u8>)| {
            let text = std::str::from_utf8(bytes).ok()?.to_owned();
            Some(File { path: path.display().to_string(), text })
        };
        Document { files: self.files.iter().filter_map(text).collect(), ..self.wish.clone() }
    }

    /// An instance without a library falls silent, if it has ever sounded.
    fn silence(&mut self) {
        if let (true, Some((rate, _))) = (self.given, &self.engine) {
            let (seed, store) = (self.wish.seed, &self.store);
            let library = read(vec![("silence.yaml".into(), SILENCE.into())]);
            let request =
                Request { library: &library, sound: "silence", overrides: &[], rate: *rate, seed, store };
            if let Ok(compiled) = compile(&request) {
                self.give(compiled.program, compiled.blueprint);
            }
        }
    }

    /// One that still waits is forgotten: the newest takes its place, and takes over from the one that was sent.
    fn give(&mut self, program: Box<Program>, blueprint: Blueprint) {
        if self.engine.is_some() {
            self.given = true;
            self.waiting = Some(Ready { program, blueprint });
        }
    }

    /// Sends what waits, and drops what the engine has given back.
    fn exchange(&mut self) {
        let Some((_, remote)) = &mut self.engine else { return };
        remote.collect();
        if let Some(Ready { program, blueprint }) = self.waiting.take() {
            let name = program.name.clone();
            match remote.send(program) {
                Ok(()) => self.sent = Some((name, blueprint)),
                Err(program) => self.waiting = Some(Ready { program, blueprint }),
            }
        }
    }

    /// Shows the window how it stands.
    fn report(&self, status: Status, findings: Vec<Finding>) {
        let first = self.files.first().map(|(path, _)| path.display().to_string());
        let path = Some(self.wish.path.clone()).filter(|path| !path.is_empty()).or(first).unwrap_or_default();
        self.shared.publish(|snapshot| {
            snapshot.status = status;
            snapshot.path.clone_from(&path);
            snapshot.findings.clone_from(&findings);
        });
    }
}

/// The library in these files.
fn read(files: Vec<(PathBuf, Vec<u8>)>) -> Library {
    let specs: Vec<_> = crate::nodes::ALL.iter().map(|def| &def.spec).collect();
    Library::read(files, &specs)
}

/// Ready to be shown, errors first.
fn findings(library: &Library, diagnostics: &[Diagnostic]) -> Vec<Finding> {
    let mut findings: Vec<_> = diagnostics.iter().map(|d| Finding::new(d, library.files())).collect();
    findings.sort_by_key(|finding| finding.severity != Severity::Error);
    findings
}
