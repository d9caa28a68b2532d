//! Everything between window, host and engine that is not audio: the loader thread, the messages to it, the project's document, and what
//! the window is told. Any thread may call a [`Session`]; the audio thread only its atomics ([`Session::load`], [`Session::override_sound`]).

mod audition;
mod build;
mod document;
mod drawing;
mod drums;
mod exchange;
mod export;
mod foretell;
mod freeze;
pub mod help;
mod history;
mod learn;
mod loader;
mod loudness;
mod macros;
mod mailbox;
mod preferences;
mod presets;
mod recorder;
mod reload;
mod samples;
mod show;
mod snapshot;
mod strips;
#[cfg(test)]
mod tests;
mod texts;
mod tiers;
mod typed;
mod wish;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};

pub use crate::engine::{
    COLUMN, Candidate, Control, Drum, DrumProfile, Drums, Fate, Instrument, Lamp, MOST_MEMBERS, MOST_RANGE,
    Meters, Mpe, Performance, Reason, StripControl, Told, Trail, TriggerControl, TriggerSeen, Voice, Zone,
};
use crate::engine::{Gear, Geared, Remote};
use crate::library::vault::Vault;
use mailbox::Mailbox;

pub use crate::compile::{Audio, Destination, NoteName, Output, Role, Said, Strip, Width};
pub use crate::language::Macro;
pub use crate::language::Severity;
pub use crate::language::vocabulary::note;
pub use crate::library::presets::{Place as PresetPlace, Preset, Shelf, factory, main_file, user_folder};
pub use crate::library::vault::Counts;
pub use crate::quality::Quality;
pub use crate::spec::Color;
pub use audition::Audition;
pub use document::{Document, File, MOST_EMBED};
pub use drawing::{Cable, Files, Graph, GraphNode};
pub use export::{Bits, Ending, Entry, Export, Exports, Format, Loudened, Progress, Report, Standing, Stems};
pub use foretell::{Forecast, Foretelling, Foretold, Guess};
pub use freeze::Freezing;
pub use history::Difference;
pub use learn::{Controller, Follows, Learn, Learned};
pub use loudness::{Loudness, Loudnesses};
pub use macros::{News, Slots};
pub use preferences::{Kept, Look, MOST_SAMPLES, Preferences};
pub use presets::{Opened, Pick, Requests};
pub use recorder::{Place as TakePlace, Recorder, Recording, Saved};
pub use reload::{Cause, Reload, Stage};
pub use samples::Samples;
pub use show::{Shown, Texts};
pub use snapshot::{Finding, Levels, Load, Place, Reading, Snapshot, Status, ticks};
pub use strips::StripEdit;
pub use texts::Disk;
pub use tiers::Tiers;
pub use typed::Typed;

/// What is asked of the loader. Later requests of the same kind replace earlier ones that have not been carried out.
pub enum Message {
    /// Open the library at this path.
    Open(PathBuf),
    /// Take what the open library's files have now, instead of texts that came with the project or were edited here.
    TakeDisk,
    /// Write what sounds to those files of the open library that have something else.
    KeepSaved,
    /// Play this text of a file, as it was edited in the window, without saving it.
    Edit {
        file: String,
        text: Arc<str>,
    },
    /// Save this text of a file, and play it. Where it cannot be saved it is played and kept as an edit.
    Save {
        file: String,
        text: Arc<str>,
    },
    /// Write this of a strip of the sound that plays into the text, without saving it.
    SetStrip {
        strip: String,
        edit: StripEdit,
    },
    /// Go back to what sounded before, or forth again. The disk stays as it is.
    Undo,
    Redo,
    /// Play the sound of this name.
    Choose(String),
    /// Look which presets there are.
    ListPresets,
    /// List the libraries below these folders with the presets.
    Folders(Vec<PathBuf>),
    /// Open a preset.
    Preset(Pick),
    /// The samples that are missing lie here: one file, or a folder in which all of them are looked for. `from` is the path of one of
    /// them, or empty for all.
    Relink {
        from: String,
        to: PathBuf,
    },
    /// Write what sounds with all its samples to a new folder, or to a bundle.
    Collect(PathBuf),
    /// Save at most so many megabytes of samples with the project.
    Embed(u32),
    /// Bring back what was saved with the project.
    Restore(Arc<Document>),
    /// Programs go to this engine from now on.
    Engine(Gear, Remote),
}

/// Called, from any thread, when the host should ask [`Session::take_changed`] and [`Session::latency`].
pub type Notify = Box<dyn Fn() + Send + Sync>;

/// What session and loader share.
struct Shared {
    mailbox: Mailbox<Message>,
    /// What is saved with the project: the text that sounds.
    document: ArcSwap<Document>,
    typed: ArcSwap<Typed>,
    snapshot: ArcSwap<Snapshot>,
    meters: ArcSwapOption<Meters>,
    /// The host's `sound` parameter: 0 leaves the choice to the document.
    sound: AtomicU32,
    /// How keyboards are understood, as bits.
    performance: AtomicU64,
    tiers: tiers::Running,
    /// By how many frames the sound that plays is late.
    latency: AtomicU32,
    /// An offline render waits for the loader in vain.
    late: AtomicBool,
    /// It has, since something was asked for last, and lacks what came later.
    lacked: AtomicBool,
    load: Load,
    macros: macros::Slots,
    audition: Audition,
    learn: Learn,
    /// What the triggers have learned.
    drums: Arc<Drums>,
    /// The version of that which the host has been told of.
    drums_told: AtomicU32,
    presets: Requests,
    /// Where the user's presets are.
    shelf: Option<PathBuf>,
    /// Whether the document changed in a way that the host does not know.
    changed: AtomicBool,
    notify: Mutex<Notify>,
    exports: Exports,
    foretelling: Foretelling,
    /// Texts that the background has changed.
    outcomes: freeze::Outcomes,
    /// Called when there is something new to be seen.
    seen: Mutex<Notify>,
}

/// One instance's state outside the audio thread. Making one starts no thread and reads no file; the loader starts when there is
/// something to play to or somebody looks, and ends with the session.
pub struct Session {
    shared: Arc<Shared>,
    loader: Mutex<Option<JoinHandle<()>>>,
    recorder: Recorder,
}

impl Session {
    pub fn new() -> Arc<Self> {
        Self::with_presets(user_folder())
    }

    /// With the user's presets in this folder.
    pub fn with_presets(shelf: Option<PathBuf>) -> Arc<Self> {
        let shared = Shared {
            mailbox: Mailbox::new(),
            document: ArcSwap::default(),
            typed: ArcSwap::default(),
            snapshot: ArcSwap::default(),
            meters: ArcSwapOption::empty(),
            sound: AtomicU32::new(0),
            performance: AtomicU64::new(Performance::default().to_bits()),
            tiers: tiers::Running::default(),
            latency: AtomicU32::new(0),
            late: AtomicBool::new(false),
            lacked: AtomicBool::new(false),
            load: Load::default(),
            macros: Default::default(),
            audition: Audition::default(),
            learn: Learn::default(),
            drums: Arc::default(),
            drums_told: AtomicU32::new(0),
            presets: Requests::default(),
            shelf,
            changed: AtomicBool::new(false),
            notify: Mutex::new(Box::new(|| ())),
            exports: Exports::default(),
            foretelling: Foretelling::default(),
            outcomes: freeze::Outcomes::default(),
            seen: Mutex::new(Box::new(|| ())),
        };
        Arc::new(Self { shared: Arc::new(shared), loader: Mutex::new(None), recorder: Recorder::default() })
    }

    /// Makes an engine of normal quality for this sample rate and lets the loader provide it with programs; an engine made before gets
    /// none any more.
    pub fn engine(&self, rate: f64) -> Geared {
        self.geared(Gear::new(Quality::Normal, rate), 0)
    }

    /// The same with another gear; `most` of the host's frames are rendered at once.
    pub fn geared(&self, gear: Gear, most: usize) -> Geared {
        let (mut geared, remote) = Geared::new(gear, most);
        geared.engine().hear_drums(self.shared.drums.clone());
        self.recorder.listen(&mut geared);
        self.shared.meters.store(Some(remote.meters().clone()));
        self.shared.tiers.plays(gear);
        self.send(Message::Engine(gear, remote));
        geared
    }

    /// The quality tiers that are wanted.
    pub fn tiers(&self) -> Tiers {
        self.shared.tiers.wanted()
    }

    /// Changes them; the project is to be saved again, and the host asked to begin anew where [`Session::plays_otherwise`].
    pub fn set_tiers(&self, tiers: Tiers) {
        if self.shared.tiers.want(tiers) {
            self.shared.note_change();
        }
    }

    /// The host is going to play, or to render offline: the tier for that.
    pub fn begins(&self, offline: bool) -> Quality {
        self.shared.tiers.begins(offline)
    }

    /// Whether an engine of another tier plays than is wanted.
    pub fn plays_otherwise(&self) -> bool {
        self.shared.tiers.differs()
    }

    /// The host's frames per second; 0 before there is an engine.
    pub fn rate(&self) -> f64 {
        self.shared.tiers.rate()
    }

    /// Asks the loader, and starts it if it does not run yet.
    pub fn send(&self, message: Message) {
        self.shared.mailbox.post(message);
        let mut loader = self.loader();
        if loader.is_none() {
            let shared = self.shared.clone();
            // Without a thread the instance stays silent, and the requests stay in the mailbox.
            *loader =
                std::thread::Builder::new().name("seiche loader".into()).spawn(|| loader::run(shared)).ok();
        }
    }

    /// Waits until all requests so far are done, at most `limit`; false if that was too short. True at once where no loader runs.
    pub fn settle(&self, limit: Duration) -> bool {
        let runs = self.loader().is_some();
        !runs || self.shared.mailbox.settle(limit)
    }

    /// As [`settle`](Self::settle), for a host that renders offline and asks with every block. If it takes too long the window says so, and
    /// nobody waits again before the loader has done something.
    pub fn wait_offline(&self, limit: Duration) -> bool {
        if self.shared.late.load(Ordering::Acquire) && !self.settle(Duration::ZERO) {
            return false;
        }
        let done = self.settle(limit);
        self.shared.late.store(!done, Ordering::Release);
        if !done && !self.shared.lacked.swap(true, Ordering::AcqRel) {
            self.shared.publish(|snapshot| snapshot.notices.push(Finding::late()));
        }
        done
    }

    /// The text to be saved with the project.
    pub fn save(&self) -> String {
        let document = self.shared.document.load();
        let edits = self.shared.typed.load().unheard(&self.shared.snapshot.load().texts, &document);
        let macros = self.shared.macros.settled(document.macros.clone());
        let (performance, learned) = (self.performance(), self.shared.learn.saved());
        let (drums, quality) = (drums::saved(&self.shared.drums), self.tiers());
        Document { edits, macros, performance, quality, learned, drums, ..Document::clone(&document) }
            .to_json()
    }

    /// What is typed in the window, or was when it was closed or the project saved.
    pub fn typed(&self) -> Arc<Typed> {
        self.shared.typed.load_full()
    }

    /// Keeps what is typed in the window.
    pub fn keep_typed(&self, files: Vec<File>) {
        let epoch = self.shared.typed.load().epoch;
        self.shared.typed.store(Arc::new(Typed { epoch, files }));
        self.shared.note_change();
    }

    /// Takes a saved text over: a pointer is swapped and the loader woken, if it runs. A text that cannot be read changes nothing that is
    /// heard or saved; the window says why.
    pub fn restore(&self, text: &str) {
        match Document::from_json(text) {
            Ok(document) => self.restore_document(Arc::new(document)),
            Err(reason) => {
                self.shared.publish(|snapshot| snapshot.findings = vec![Finding::general(&reason)])
            }
        }
    }

    /// Takes over a saved state that has no document: silence.
    pub fn restore_nothing(&self) {
        self.restore_document(Arc::default());
    }

    fn restore_document(&self, document: Arc<Document>) {
        let edits = document.edits.clone();
        self.shared.document.store(Arc::new(document.kept()));
        self.shared.macros.restore(&document.macros);
        self.shared.performance.store(document.performance.to_bits(), Ordering::Release);
        self.shared.tiers.want(document.quality);
        self.shared.learn.restore(&document.learned);
        drums::restore(&self.shared.drums, &document.drums);
        self.shared.drums_told.store(drums::version(&self.shared.drums), Ordering::Release);
        self.shared.typed.rcu(|old| Typed { epoch: old.epoch + 1, files: edits.clone() });
        // What was wanted until now is of no account any more.
        self.shared.publish(|snapshot| snapshot.texts = Texts::default());
        // Before there is a loader the message waits: hosts restore projects before they need sound.
        self.shared.mailbox.post(Message::Restore(document));
    }

    /// The host's `sound` parameter: 0 leaves the choice to the document, `n` takes the n-th sound. True where that is new. Audio thread;
    /// the loader looks here several times a second.
    pub fn override_sound(&self, number: u32) -> bool {
        self.shared.sound.swap(number, Ordering::Relaxed) != number
    }

    /// How keyboards are understood: a setting of the instance, whatever library it plays. Any thread, also the audio thread.
    pub fn performance(&self) -> Performance {
        Performance::from_bits(self.shared.performance.load(Ordering::Acquire))
    }

    /// Changes that; the project is to be saved again.
    pub fn perform(&self, performance: Performance) {
        let bits = performance.within_bounds().to_bits();
        if self.shared.performance.swap(bits, Ordering::AcqRel) != bits {
            self.shared.note_change();
        }
    }

    /// The macros' side of the host's parameters.
    pub fn macros(&self) -> &Slots {
        &self.shared.macros
    }

    /// Writes what sounds now to files, in the background, with these controls of the host. False where there is no thread for it.
    pub fn export(&self, export: Export, controls: Vec<(Control, f32)>) -> bool {
        let (document, sound) = self.to_export();
        self.shared.exports.add(export, document, sound, controls)
    }

    /// Listens how loud that is going to be; [`Session::foretelling`] has the answer.
    pub fn foretell(&self, export: Export, controls: Vec<(Control, f32)>) {
        let ((document, sound), shared) = (self.to_export(), Arc::downgrade(&self.shared));
        let work = move |control: &_| export.foretell(&document, &sound, controls, control);
        self.shared.foretelling.ask(work, move || {
            if let Some(shared) = shared.upgrade() {
                lock(&shared.seen)();
            }
        });
    }

    /// How loud an export is going to be.
    pub fn foretelling(&self) -> &Foretelling {
        &self.shared.foretelling
    }

    /// What sounds now, and its name.
    fn to_export(&self) -> (Document, String) {
        let document = Document::clone(&self.shared.document.load());
        (Document { drums: drums::saved(&self.shared.drums), ..document }, self.snapshot().sound.clone())
    }

    /// The exports of this instance.
    pub fn exports(&self) -> &Exports {
        &self.shared.exports
    }

    /// The key that the window presses.
    pub fn audition(&self) -> &Audition {
        &self.shared.audition
    }

    /// Whether there is something to be seen on meters. Audio thread.
    pub fn stirs(&self) -> bool {
        self.shared.meters.load().as_ref().is_some_and(|meters| meters.stir())
    }

    /// The controllers that move macros.
    pub fn learn(&self) -> &Learn {
        &self.shared.learn
    }

    /// Gives a macro this controller, or none.
    pub fn bind(&self, slot: u8, controller: Option<Controller>) {
        self.shared.learn.bind(slot, controller);
        self.shared.note_change();
    }

    /// What the triggers have learned.
    pub fn drums(&self) -> &Drums {
        &self.shared.drums
    }

    /// Lets a trigger, from 0, listen for the drum of its preset again.
    pub fn forget_drum(&self, slot: u8) {
        if self.shared.drums.get(slot).and_then(|drum| drum.listen_for(None)).is_some() {
            self.shared.note_change();
        }
    }

    /// Writes the strokes that a trigger, from 0, has heard lately, as a MIDI file beside the takes.
    pub fn save_strokes(&self, slot: u8, place: TakePlace) {
        let rate = self.meters().map_or(48_000.0, |meters| meters.rate());
        self.recorder.save_midi(drums::strokes(&self.shared.drums, slot, rate), place);
    }

    /// Records what is played.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// What the audio thread asks for of presets, and what has come of them.
    pub fn presets(&self) -> &Requests {
        &self.shared.presets
    }

    /// What is saved has changed; the caller tells the host. Audio thread.
    pub fn change(&self) {
        self.shared.changed.store(true, Ordering::Release);
    }

    /// Makes the loader look at once, for a host that renders offline.
    pub fn nudge(&self) {
        self.shared.mailbox.nudge();
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot.load_full()
    }

    /// Peaks since the last question, and voices that sound, of the engine that was made last.
    pub fn levels(&self) -> Levels {
        self.shared.meters.load().as_ref().map_or_else(Levels::default, |meters| Levels::take(meters))
    }

    /// The meters of the engine that was made last.
    pub fn meters(&self) -> Option<Arc<Meters>> {
        self.shared.meters.load_full()
    }

    /// How it stands with the decoded samples, which all instances in the process share.
    pub fn samples(&self) -> Counts {
        Vault::shared().counts()
    }

    pub fn load(&self) -> &Load {
        &self.shared.load
    }

    /// By how many frames the sound that plays is late.
    pub fn latency(&self) -> u32 {
        self.shared.latency.load(Ordering::Acquire)
    }

    /// Whom to tell about changes of the document or the latency that the host has not made itself.
    pub fn on_change(&self, notify: Notify) {
        *lock(&self.shared.notify) = notify;
    }

    /// Whom to tell, from any thread but the audio thread, that there is something new to be seen.
    pub fn on_news(&self, seen: Notify) {
        *lock(&self.shared.seen) = seen;
    }

    /// Whether the document has changed since the last question.
    pub fn take_changed(&self) -> bool {
        self.shared.changed.swap(false, Ordering::AcqRel)
    }

    fn loader(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        lock(&self.loader)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.shared.mailbox.close();
        if let Some(loader) = self.loader().take() {
            // A loader that panicked has already said so.
            let _ = loader.join();
        }
    }
}

impl Shared {
    /// Changes what the window sees.
    fn publish(&self, change: impl Fn(&mut Snapshot)) {
        self.snapshot.rcu(|old| {
            let mut new = Snapshot::clone(old);
            change(&mut new);
            new
        });
        lock(&self.seen)();
    }

    /// Replaces the document by what now sounds, and tells the host if it is different.
    fn sounds_now(&self, document: Arc<Document>) {
        if *self.document.load() != document {
            self.document.store(document);
            self.note_change();
        }
        if self.macros.has_news() {
            lock(&self.notify)();
        }
    }

    /// A sound plays that is late by so many frames.
    fn is_late_by(&self, frames: u64) {
        let frames = u32::try_from(frames).unwrap_or(u32::MAX);
        if self.latency.swap(frames, Ordering::AcqRel) != frames {
            self.publish(|snapshot| snapshot.latency = frames);
            lock(&self.notify)();
        }
    }

    /// A sound plays whose keys are called so.
    fn names_keys(&self, names: &[NoteName]) {
        if *self.snapshot.load().note_names != *names {
            self.publish(|snapshot| snapshot.note_names = names.into());
            lock(&self.notify)();
        }
    }

    /// The host is to save the project again.
    fn note_change(&self) {
        if !self.changed.swap(true, Ordering::AcqRel) {
            lock(&self.notify)();
        }
    }
}

/// Nothing that could panic half-way runs under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
