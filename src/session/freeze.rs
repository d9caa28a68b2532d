//! Tracks that are frozen, and set free again: the track is bounced in the background, the text that says so is an edit like any other, which
//! sounds, is saved with the project and can be undone. Any thread but the audio thread.

use std::sync::{Arc, Mutex};

use super::export::{library, store};
use super::{Control, Document, Drums, Message, Session, drums, lock};
use crate::bounce::{Errand, Failure, Freeze, unfreeze};
use crate::engine::{Event, What};

/// How a track is frozen.
#[derive(Clone, Debug, PartialEq)]
pub struct Freezing {
    pub track: String,
    /// With what its fader does, and not before it.
    pub post_fader: bool,
    /// For a host of this tempo; none: at the sound's own time.
    pub bpm: Option<f64>,
    /// How long, where the sound does not say it.
    pub seconds: Option<f64>,
    /// Frames per second, those of the host: a recording holds for one rate.
    pub rate: u32,
}

/// What has come of it, until the loader looks: edits of texts.
#[derive(Clone, Default)]
pub(super) struct Outcomes(Arc<Mutex<Vec<Message>>>);

impl Outcomes {
    pub fn take(&self) -> Vec<Message> {
        std::mem::take(&mut lock(&self.0))
    }
}

impl Freezing {
    fn errand(self, document: Document, sound: String, events: Vec<Event>, outcomes: Outcomes) -> Errand {
        Box::new(move |control, tell| {
            if document.path.is_empty() {
                let text = "the recording of a frozen track lies beside the library: save the library first";
                return Err(Failure::Wish(text.into()));
            }
            let (library, store) = (library(&document), store(&document, control));
            let learned = Arc::new(Drums::default());
            drums::restore(&learned, &document.drums);
            let freeze = Freeze {
                library: &library,
                sound: &sound,
                track: &self.track,
                post_fader: self.post_fader,
                bpm: self.bpm,
                seconds: self.seconds,
                rate: f64::from(self.rate),
                seed: document.seed,
                store: &store,
                drums: Some(learned),
                events,
            };
            let mut iced = freeze.run(control, tell)?;
            let file = library.files()[iced.file as usize].path.display().to_string();
            lock(&outcomes.0).push(Message::Edit { file, text: iced.text.as_str().into() });
            let told = iced.told();
            iced.report.warnings.push(format!("`{}` is frozen: {told}", self.track));
            Ok(iced.report)
        })
    }
}

impl Session {
    /// Freezes a track of what sounds now, in the background, with these controls of the host: it is an entry of
    /// [`exports`](Self::exports). False where there is no thread for it.
    pub fn freeze(&self, freezing: Freezing, controls: Vec<(Control, f32)>) -> bool {
        let (document, snapshot) = (self.shared.document.load_full(), self.snapshot());
        let document = Document { drums: drums::saved(&self.shared.drums), ..Document::clone(&document) };
        let event = |(control, value)| Event { at: 0, what: What::Control { control, value } };
        let events = controls.into_iter().map(event).collect();
        let name = format!("freeze {}", freezing.track);
        let errand = freezing.errand(document, snapshot.sound.clone(), events, self.shared.outcomes.clone());
        self.shared.exports.queue_up(name, errand)
    }

    /// Sets a track free: its source plays again, and the text is what it was before. False where it is not frozen.
    pub fn unfreeze(&self, track: &str) -> bool {
        let (document, sound) = (self.shared.document.load_full(), self.snapshot().sound.clone());
        let library = library(&document);
        let Some((number, text, _)) = unfreeze(&library, &sound, track) else { return false };
        let file = library.files()[number as usize].path.display().to_string();
        self.send(Message::Edit { file, text: text.into() });
        true
    }
}
