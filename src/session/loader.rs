//! The loader thread: reads what is asked for, lets it be built, and hands it to the engine. Files that are saved are read again. The
//! newest request wins: work that is no longer wanted is given up between stages. A text with errors changes nothing that is heard.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::build::{Order, Outcome, build, findings, silence};
use super::exchange::Exchange;
use super::mailbox::Taken;
use super::{Document, File, Finding, Message, Shared, Status};
use crate::language::Diagnostic;
use crate::library::{self, samples::Store, watch::Watch};

/// How often the loader looks for programs to take back and for the host's `sound` parameter.
const LOOK: Duration = Duration::from_millis(50);

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
    exchange: Exchange,
    /// The host's `sound` parameter as it was last used.
    sound: u32,
    store: Mutex<Store>,
    watch: Watch,
}

impl Loader {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            wish: Document::default(),
            files: vec![],
            todo: Todo::Nothing,
            exchange: Exchange::default(),
            sound: 0,
            store: Mutex::default(),
            watch: Watch::default(),
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
            Message::TakeDisk if self.wish.path.is_empty() => need = Todo::Nothing,
            Message::TakeDisk => need = Todo::Read,
            Message::Choose(sound) => self.wish.sound = sound,
            Message::Restore(document) => self.wish_for(&document),
            Message::Engine(rate, remote) => self.exchange.connect(rate, remote),
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
        self.exchange.turn();
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
        self.exchange.turn();
        Progress::Done
    }

    /// Watches the files that the texts name, as well.
    fn watch_named(&mut self) {
        let tunings = self.files.iter().map(|(path, _)| path.clone());
        let samples = self.store.lock().map(|store| store.paths().cloned().collect::<Vec<_>>());
        self.watch.also(tunings.chain(samples.unwrap_or_default()).collect());
    }

    /// Builds the wanted sound; `None` if something newer is asked for.
    fn build(&self) -> Option<Outcome> {
        build(self.files.clone(), &self.order())
    }

    fn order(&self) -> Order<'_> {
        Order {
            sound: &self.wish.sound,
            forced: self.sound,
            seed: self.wish.seed,
            store: &self.store,
            exchange: &self.exchange,
            mailbox: &self.shared.mailbox,
        }
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
            Ok(_) if broken && self.exchange.has_given() => Status::Broken,
            Ok(compiled) => {
                diagnostics.extend(compiled.warnings.iter().cloned());
                strips = Some(compiled.program.strips().iter().map(|strip| strip.name.clone()).collect());
                self.exchange.give(compiled);
                self.shared.sounds_now(self.document());
                if broken { Status::Broken } else { Status::Playing }
            }
            Err(faults) => {
                diagnostics.extend(faults);
                Status::Broken
            }
        };
        self.exchange.turn();
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
        if self.exchange.has_given()
            || !self.exchange.is_connected()
            || good.files.is_empty()
            || *good == self.wish
        {
            return;
        }
        let wanted = (self.wish.clone(), std::mem::take(&mut self.files));
        self.wish_for(&good);
        if let Some(Outcome { compiled: Ok(compiled), .. }) = self.build() {
            self.exchange.give(compiled);
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
        if self.exchange.has_given()
            && let Some(compiled) = silence(&self.order())
        {
            self.exchange.give(compiled);
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
