//! The loader thread: reads what is asked for, lets it be built, and hands it to the engine. Files that are saved are read again. The
//! newest request wins: work that is no longer wanted is given up between stages. A text with errors changes nothing that is heard.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use super::build::{Order, Outcome, build, findings, silence, specs};
use super::exchange::Exchange;
use super::history::{Difference, History, Way};
use super::macros::Owners;
use super::mailbox::Taken;
use super::presets::Presets;
use super::reload::{Cause, Reload, Stage};
use super::strips::{StripEdit, edited};
use super::wish::{Todo, Wish};
use super::{Document, Finding, Graph, Macro, Message, Opened, Pick, Samples, Shared, Status, drums, show};
use crate::language::{Content, Diagnostic, Reader};
use crate::library::{
    is_text,
    samples::{Excuse, Store},
    save,
    vault::Vault,
    watch::Watch,
};

/// How often the loader looks for programs to take back and for the host's `sound` parameter.
const LOOK: Duration = Duration::from_millis(50);
/// The same while a program is on its way, to tell when the engine took it.
const SOON: Duration = Duration::from_millis(2);
/// A file that was written longer ago was not noticed because of that.
const LATE: Duration = Duration::from_secs(10);
/// Codes of the errors that mean: there is nothing on the disk.
const GONE: [&str; 2] = ["missing-file", "no-files"];

pub fn run(shared: Arc<Shared>) {
    let mut loader = Loader::new(shared.clone());
    loop {
        let number = match shared.mailbox.take(if loader.exchange.is_pending() { SOON } else { LOOK }) {
            Taken::Closed => return,
            Taken::Nothing => None,
            Taken::Messages(messages, number) => {
                messages.into_iter().for_each(|message| loader.note(message));
                Some(number)
            }
        };
        let worked = catch_unwind(AssertUnwindSafe(|| loader.work())).unwrap_or_else(|_| {
            loader.wish.todo = Todo::Nothing;
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

enum Progress {
    Done,
    /// Something newer is asked for.
    GivenUp,
}

struct Loader {
    shared: Arc<Shared>,
    wish: Wish,
    exchange: Exchange,
    history: History,
    /// The host's `sound` parameter as it was last used.
    sound: u32,
    store: Mutex<Store>,
    watch: Watch,
    reader: Reader,
    /// What the stages so far took, of the wish that is being fulfilled.
    times: Vec<(Stage, Duration)>,
    /// The samples that what sounds is without.
    missing: BTreeSet<String>,
    /// What became of the last request beside the sound, until something else is asked for.
    said: Option<Finding>,
    presets: Presets,
}

impl Loader {
    fn new(shared: Arc<Shared>) -> Self {
        let stops = shared.clone();
        let presets = Presets::of(shared.shelf.clone());
        let store = Store::new(Vault::shared(), Box::new(move || stops.mailbox.superseded()));
        Self {
            shared,
            wish: Wish::default(),
            exchange: Exchange::default(),
            history: History::default(),
            sound: 0,
            store: Mutex::new(store),
            watch: Watch::default(),
            reader: Reader::default(),
            times: vec![],
            missing: BTreeSet::new(),
            said: None,
            presets,
        }
    }

    /// Takes a message into the wish.
    fn note(&mut self, message: Message) {
        match &message {
            Message::Engine(..) | Message::Choose(_) | Message::ListPresets | Message::Folders(_) => {}
            _ => {
                (self.said, self.presets.under_way) = (None, None);
                self.shared.lacked.store(false, Ordering::Release);
            }
        }
        match message {
            Message::Open(path) => {
                self.wish.open(&path);
                self.samples().forget();
            }
            Message::TakeDisk => {
                self.wish.take_disk();
                self.samples().trust_disk();
            }
            Message::Relink { from, to } => self.relink(&from, &to),
            Message::Collect(to) => self.collect(&to),
            Message::Embed(megabytes) => self.wish.set_embed(megabytes),
            Message::KeepSaved => self.keep_saved(),
            Message::Edit { file, text } => self.wish.edit(&file, text),
            Message::Save { file, text } => {
                self.wish.edit(&file, text.clone());
                match self.wish.factory() {
                    Some(_) => self.keep_as_own(),
                    None => self.save(file.into(), &text),
                }
            }
            Message::SetStrip { strip, edit } => self.set_strip(&strip, &edit),
            Message::Undo => self.go(Way::Undo),
            Message::Redo => self.go(Way::Redo),
            Message::Choose(sound) => self.wish.choose(sound),
            Message::ListPresets => {
                self.presets.look();
                self.show_presets();
            }
            Message::Folders(folders) => {
                self.presets.look_in(folders);
                self.show_presets();
            }
            Message::Preset(pick) => self.pick(pick),
            Message::Restore(document) => {
                self.wish.restore(&document);
                self.restore_samples(&document);
            }
            Message::Engine(gear, remote) => {
                self.exchange.connect(gear, remote);
                self.wish.need(Todo::Build, Cause::Chosen);
            }
        }
    }

    fn go(&mut self, way: Way) {
        let sounds = self.shared.document.load_full();
        if let Some(other) = self.wish.go(way, &self.history, &sounds) {
            self.restore_samples(&other);
        }
    }

    /// Writes something about a strip into the text that is wanted.
    fn set_strip(&mut self, strip: &str, edit: &StripEdit) {
        let Some(library) = self.reader.read_unless(self.wish.texts.to_read(), &specs(), &|| false) else {
            return;
        };
        match edited(&library, &self.shared.snapshot.load().sound, strip, edit) {
            Ok((file, text)) => self.wish.edit(&file.display().to_string(), text.into()),
            Err(why) => {
                self.said = Some(Finding::new(&why, library.files()));
                self.wish.need(Todo::Build, Cause::Chosen);
            }
        }
    }

    fn samples(&self) -> MutexGuard<'_, Store> {
        super::lock(&self.store)
    }

    fn restore_samples(&self, document: &Document) {
        let mut store = self.samples();
        store.restore(&document.samples, &document.copies);
        store.look_in(&document.folders);
    }

    /// Takes missing samples from where somebody says that they are.
    fn relink(&mut self, from: &str, to: &Path) {
        let relinked = self.samples().relink(from, to);
        match relinked {
            Ok(_) => {
                if to.is_dir() {
                    let folders = self.wish.look_in(to.display().to_string());
                    super::lock(&self.store).look_in(folders);
                }
                self.wish.need(Todo::Build, Cause::Relinked);
            }
            Err(why) => {
                self.said = Some(Finding::general(why));
                self.wish.need(Todo::Build, Cause::Chosen);
            }
        }
    }

    /// Writes what sounds, with all that it names.
    fn collect(&mut self, to: &Path) {
        let sounds = self.shared.document.load_full();
        // Tunings in an old encoding are no text, and not in the document.
        let mut contents: Vec<(PathBuf, Content)> =
            sounds.files.iter().map(|f| (PathBuf::from(&f.path), Content::Text(f.text.clone()))).collect();
        let wanted = self.wish.texts.to_read().into_iter();
        let bytes = wanted.filter(|(_, content)| matches!(content, Content::Bytes(_)));
        contents.extend(bytes.map(|(path, content)| (path.to_path_buf(), content)));
        let said = super::build::collect(contents, &mut self.samples(), to);
        self.said = Some(said);
        self.wish.need(Todo::Build, Cause::Chosen);
    }

    /// What may be missing: in what is new, everything; after an edit, what was missing before.
    fn excuse(&self) -> Excuse {
        match self.wish.cause {
            _ if !self.exchange.has_given() => Excuse::Everything,
            Cause::Opened | Cause::Chosen | Cause::Relinked => Excuse::Everything,
            Cause::Saved | Cause::Edited | Cause::Undone | Cause::Redone => {
                Excuse::These(self.missing.clone())
            }
        }
    }

    fn pick(&mut self, pick: Pick) {
        self.presets.look();
        if let Some(preset) = self.presets.find(pick, &self.wish) {
            self.presets.under_way = Some(preset.place.clone());
            self.wish.preset(&preset);
            if self.wish.factory().is_some() {
                // There is nothing to be watched.
                self.watch.follow(self.wish.path());
            }
        }
        self.show_presets();
    }

    /// Libraries of the factory cannot be written to: what was made of one becomes a preset of the user's.
    fn keep_as_own(&mut self) {
        match self.presets.keep(&self.wish) {
            Ok(place) => {
                self.wish.kept(&place);
                self.presets.look();
                self.show_presets();
            }
            Err(fault) => self.said = Some(Finding::new(&fault, &[])),
        }
    }

    /// Writes a text to its file; what follows is the same as if another program had saved it.
    fn save(&mut self, file: PathBuf, text: &str) {
        match save::write(&file, text.as_bytes()) {
            Ok(()) => {
                self.wish.texts.saved(&file);
                self.wish.need(Todo::Look, Cause::Saved);
            }
            Err(fault) => self.said = Some(Finding::new(&fault, &[])),
        }
    }

    /// Writes what sounds to the files that have something else.
    fn keep_saved(&mut self) {
        let sounds = self.shared.document.load_full();
        let here = Path::new(&sounds.path) == self.wish.path();
        for file in &sounds.files {
            if here && self.wish.texts.differs(file) {
                self.save(PathBuf::from(&file.path), &file.text);
            }
        }
        // If nothing could be written, the reason is shown all the same.
        self.wish.need(Todo::Build, Cause::Saved);
    }

    /// Does what there is to do, unless something newer comes in between.
    fn work(&mut self) -> Progress {
        self.turn();
        for message in self.shared.outcomes.take() {
            self.note(message);
        }
        if let Some(pick) = self.shared.presets.take() {
            self.note(Message::Preset(pick));
        }
        let sound = self.shared.sound.load(Ordering::Relaxed);
        if sound != self.sound {
            self.sound = sound;
            self.wish.need(Todo::Build, Cause::Chosen);
        }
        let drums = drums::version(&self.shared.drums);
        if self.shared.drums_told.swap(drums, Ordering::AcqRel) != drums {
            self.shared.note_change();
        }
        if self.wish.todo == Todo::Nothing && self.watch.look(Instant::now()) {
            // The watch has just looked at all files; what is asked for by a message is looked at anew.
            self.wish.need(Todo::Look, Cause::Saved);
        } else if self.wish.todo >= Todo::Look {
            self.watch.follow(self.wish.path());
        }
        if self.wish.todo >= Todo::Look {
            if self.wish.todo == Todo::Read {
                self.shared.publish(|snapshot| snapshot.status = Status::Loading);
            }
            if let Err(fault) = self.read() {
                self.wish.todo = Todo::Nothing;
                self.report(Status::Broken, vec![Finding::new(&fault, &[])]);
                self.fall_back();
            }
            if self.shared.mailbox.superseded() {
                return Progress::GivenUp;
            }
        }
        if self.wish.todo == Todo::Build {
            let excuse = self.excuse();
            super::lock(&self.store).begin(excuse);
            let mut reader = std::mem::take(&mut self.reader);
            let outcome = build(self.wish.texts.to_read(), &mut reader, &self.order());
            self.reader = reader;
            let Some(outcome) = outcome else { return Progress::GivenUp };
            self.wish.todo = Todo::Nothing;
            self.conclude(outcome);
            self.compare_with_disk();
            self.watch_named();
            self.look_through_edits();
        }
        self.turn();
        self.show_notices();
        Progress::Done
    }

    /// Reads the library's files, and takes of them what is to be taken.
    fn read(&mut self) -> Result<(), Diagnostic> {
        let (noticed, began) = (SystemTime::now(), Instant::now());
        let shared = self.shared.clone();
        let read = self.watch.read(&|| shared.mailbox.superseded()).inspect_err(|fault| {
            if GONE.contains(&fault.code) {
                self.wish.texts.lose_disk();
            }
        });
        // Given up: to be done again, as nothing has been taken yet.
        let Some(files) = read? else { return Ok(()) };
        let taken = self.wish.learn(files);
        self.times.clear();
        let written = |path: &Arc<Path>| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
        let waited = taken.iter().filter_map(written).max().and_then(|at| noticed.duration_since(at).ok());
        if let Some(waited) = waited.filter(|waited| self.wish.cause == Cause::Saved && *waited < LATE) {
            self.times.push((Stage::Notice, waited));
        }
        self.times.push((Stage::Read, began.elapsed()));
        self.wish.todo = Todo::Build;
        Ok(())
    }

    /// What came with a project, or out of the history, sounds before anybody looks whether the disk has the same.
    fn compare_with_disk(&mut self) {
        if self.wish.texts.knows_disk() || self.wish.path().as_os_str().is_empty() {
            return;
        }
        self.watch.follow(self.wish.path());
        match self.watch.read(&|| false) {
            Ok(files) => {
                self.wish.learn(files.unwrap_or_default());
            }
            // A project opens without its files, and plays.
            Err(_) => self.wish.texts.lose_disk(),
        }
        self.show_texts();
    }

    /// Watches the files that the texts name, as well.
    fn watch_named(&mut self) {
        let tunings = self.wish.texts.paths().filter(|path| !is_text(path)).map(|path| path.to_path_buf());
        self.watch.also(tunings.chain(super::lock(&self.store).paths().cloned()).collect());
    }

    /// Says what is wrong with texts that came with a project and have never sounded. They are the window's until it has them played.
    fn look_through_edits(&mut self) {
        let edits = std::mem::take(&mut self.wish.edits);
        if edits.is_empty() {
            return;
        }
        let mut texts = self.wish.texts.clone();
        edits.iter().for_each(|file| texts.edit(Path::new(&file.path), file.text.clone()));
        let built = build(texts.to_read(), &mut Reader::default(), &self.order());
        let Some(Outcome { compiled, trial, library, .. }) = built else { return };
        let mut found = library.diagnostics().to_vec();
        found.extend(trial);
        found.extend(compiled.err().unwrap_or_default());
        if found.iter().any(Diagnostic::is_error) {
            self.report(Status::Broken, findings(&library, &found));
        }
    }

    fn order(&self) -> Order<'_> {
        Order {
            sound: self.wish.sound(),
            instead: self.wish.instead(),
            forced: self.sound,
            seed: self.wish.seed(),
            store: &self.store,
            exchange: &self.exchange,
            mailbox: &self.shared.mailbox,
        }
    }

    /// Hands the program over, or says why there is none.
    fn conclude(&mut self, outcome: Outcome) {
        let Outcome { sound, choice, compiled, trial, library, times } = outcome;
        let mut diagnostics = library.diagnostics().to_vec();
        diagnostics.extend(trial);
        let broken = diagnostics.iter().any(Diagnostic::is_error);
        let (mut strips, mut graph) = (None, None);
        self.times.extend(times);
        let status = match compiled {
            _ if self.wish.texts.is_empty() => {
                if self.exchange.has_given()
                    && let Some(silence) = silence(&self.order())
                {
                    self.exchange.give(silence);
                    self.shared.is_late_by(self.exchange.gear().latency(0));
                    self.shared.names_keys(&[]);
                }
                let owners = self.owners(&[]);
                self.sounds_now(choice, owners, Reload::default());
                (strips, graph) = (Some(vec![]), Some(Arc::default()));
                Status::Empty
            }
            // With an error anywhere the text is half-written: better to go on with the last whole one, if there is one.
            Ok(_) if broken && self.exchange.has_given() => Status::Broken,
            Ok(mut compiled) => {
                let owners = self.owners(library.macros());
                compiled.program.unmoved = self.shared.macros.unmoved();
                diagnostics.extend(compiled.warnings.iter().cloned());
                strips = Some(compiled.program.strips().cloned().collect());
                let drawing = std::mem::take(&mut compiled.drawing);
                graph = Some(Arc::new(Graph::of(drawing, library.files())));
                let nodes = compiled.summary.clone();
                self.shared.is_late_by(self.exchange.gear().latency(compiled.program.latency));
                self.shared.names_keys(&compiled.note_names);
                self.exchange.give(compiled);
                self.turn();
                self.sounds_now(choice, owners, Reload { nodes, ..Reload::default() });
                if broken { Status::Broken } else { Status::Playing }
            }
            Err(faults) => {
                diagnostics.extend(faults);
                Status::Broken
            }
        };
        self.times.clear();
        self.turn();
        let sounds: Vec<String> = library.sounds().map(|(name, _)| name.to_owned()).collect();
        self.shared.publish(|snapshot| {
            snapshot.sounds.clone_from(&sounds);
            snapshot.sound.clone_from(&sound);
            if let Some(strips) = &strips {
                snapshot.strips.clone_from(strips);
            }
            if let Some(graph) = &graph {
                snapshot.graph.clone_from(graph);
            }
        });
        self.report(status, findings(&library, &diagnostics));
        self.fall_back();
        // What is wrong in the other sounds is shown, too, but does not keep this one from playing, nor what is newer from being loaded.
        let (mailbox, watch, mut saved) = (&self.shared.mailbox, &mut self.watch, false);
        let checked = library.check_unless(&mut || {
            saved = saved || watch.look(Instant::now());
            saved || mailbox.superseded()
        });
        if saved {
            self.wish.need(Todo::Look, Cause::Saved);
        }
        if let Some(found) = checked {
            let new: Vec<_> = found.into_iter().filter(|found| !diagnostics.contains(found)).collect();
            diagnostics.extend(new);
            self.report(status, findings(&library, &diagnostics));
        }
    }

    /// The wish is fulfilled: it is what a project saves, a step of the history, and the last change that the window tells of.
    fn sounds_now(&mut self, choice: String, macros: Owners, reload: Reload) {
        let before = self.shared.document.load_full();
        let samples = self.samples().keep(self.wish.embed());
        self.missing = samples.missing.iter().cloned().collect();
        let shown = Samples::of(&samples, self.wish.embed());
        let document = Document { macros, ..self.wish.document(choice, samples) };
        let document = Arc::new(document);
        match self.wish.arrived() {
            Some(step) => self.history.arrive(step, document.clone()),
            None => self.history.record(document.clone()),
        }
        let texts = Difference::between(&before.files, &document.files);
        let times = std::mem::take(&mut self.times);
        let reload = Some(Arc::new(Reload { cause: self.wish.cause, texts, times, ..reload }));
        self.shared.sounds_now(document);
        self.shared.publish(|snapshot| {
            snapshot.reload.clone_from(&reload);
            snapshot.samples.clone_from(&shown);
        });
    }

    /// Whose positions the host's parameters are, now that these macros sound.
    fn owners(&self, macros: &[Macro]) -> Owners {
        let described = *self.shared.snapshot.load().macros != *macros;
        if described {
            let macros: Arc<[Macro]> = macros.into();
            self.shared.publish(|snapshot| snapshot.macros = macros.clone());
        }
        self.shared.macros.follow(self.shared.document.load().macros.clone(), macros, described)
    }

    /// An engine that was made anew gets the last good document where the wanted one has errors.
    fn fall_back(&mut self) {
        let good: Arc<Document> = self.shared.document.load_full();
        let lacks = self.exchange.is_connected() && !self.exchange.has_given();
        if !lacks || good.files.is_empty() || good.files == self.wish.texts.files() {
            return;
        }
        let files = good.files.iter().map(|f| (Path::new(&f.path).into(), f.text.clone().into())).collect();
        let order = Order { sound: &good.sound, instead: None, seed: good.seed, ..self.order() };
        if let Some(Outcome { compiled: Ok(compiled), .. }) = build(files, &mut Reader::default(), &order) {
            self.exchange.give(compiled);
        }
    }

    /// Turns the exchange, and tells the window when the engine has taken a program.
    fn turn(&mut self) {
        if let Some(waited) = self.exchange.turn() {
            self.shared.publish(|snapshot| {
                if let Some(reload) = &mut snapshot.reload {
                    Arc::make_mut(reload).times.push((Stage::Swap, waited));
                }
            });
        }
    }

    /// Shows the window which presets there are, and which is open.
    fn show_presets(&self) {
        let (presets, preset) = (self.presets.list.clone(), self.presets.current(&self.wish));
        self.shared.publish(|snapshot| {
            snapshot.presets.clone_from(&presets);
            snapshot.preset = preset;
        });
    }

    /// Tells the host what came of the preset that was asked for.
    fn tell_of_preset(&mut self, status: Status, findings: &[Finding]) {
        let Some(place) = self.presets.under_way.take() else { return };
        let reason = || findings.first().map_or("It does not sound.".into(), Finding::to_text);
        let outcome = if status == Status::Broken { Err(reason()) } else { Ok(()) };
        self.shared.presets.tell(Opened { place, outcome });
        super::lock(&self.shared.notify)();
    }

    /// Shows the window how it stands.
    fn report(&mut self, status: Status, mut findings: Vec<Finding>) {
        self.tell_of_preset(status, &findings);
        findings.splice(0..0, self.said.clone());
        let path = self.wish.shown_path();
        self.shared.publish(|snapshot| {
            snapshot.status = status;
            snapshot.path.clone_from(&path);
            snapshot.findings.clone_from(&findings);
        });
        self.show_presets();
        self.show_texts();
    }

    /// Shows the window what is worth a word about the files.
    fn show_notices(&self) {
        let mut notices: Vec<_> = self.watch.notes().iter().map(|note| Finding::new(note, &[])).collect();
        notices.extend(self.shared.lacked.load(Ordering::Acquire).then(Finding::late));
        if self.shared.snapshot.load().notices != notices {
            self.shared.publish(|snapshot| snapshot.notices.clone_from(&notices));
        }
    }

    /// Shows the window the texts, and what the history holds.
    fn show_texts(&self) {
        let sounds = self.shared.document.load_full();
        let shown = show::texts(&self.wish, &self.history, &sounds);
        self.shared.publish(|snapshot| snapshot.texts.clone_from(&shown));
    }
}
