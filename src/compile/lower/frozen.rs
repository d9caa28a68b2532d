//! Tracks that are frozen: what a recording was made of is looked at anew, and as long as it is the same the recording plays instead of it.
//! Loader thread.

use std::sync::Arc;

use crate::compile::Request;
use crate::compile::parts::Key;
use crate::compile::plan::{Ends, Plan, What, Wire};
use crate::compile::pools::Driver;
use crate::compile::program::Role;
use crate::compile::share;
use crate::kernel::clock::ClockPlan;
use crate::kernel::recordings::{Law, RecordingsPlan, Take};
use crate::language::{Diagnostic, Frozen};
use crate::score::{Shape, TempoMap, Timeline};

use super::{Lower, Lowered, Result, Track};

/// What a track is made of.
pub struct Origin {
    /// Equal for tracks that play the same.
    pub key: String,
    pub stereo: bool,
    /// A node that plays what the host sends, if there is one.
    pub live: Option<&'static str>,
}

impl Origin {
    fn of(lowered: &Lowered, request: &Request, track: &Track, post_fader: bool) -> Origin {
        let wire = if post_fader { track.wire } else { track.inserted };
        let plan = share::only(Plan { outputs: vec![wire], ..lowered.plan.clone() });
        Origin { key: Key::of(&plan, request).to_string(), stereo: wire.is_stereo(), live: live(&plan) }
    }
}

/// What a track of a sound is made of.
///
/// # Errors
/// What is wrong with the sound; or that it has no such track.
pub fn origin(
    request: &Request,
    track: &str,
    post_fader: bool,
) -> std::result::Result<Origin, Vec<Diagnostic>> {
    let root = request.library.instantiate(request.sound, request.overrides)?;
    let lowered = super::attempts(request, &root, &[])?;
    let names = || lowered.tracks.iter().filter(|t| t.role == Role::Track).map(|t| t.name.as_str());
    match lowered.tracks.iter().find(|t| t.role == Role::Track && t.name == track) {
        Some(found) => Ok(Origin::of(&lowered, request, found, post_fader)),
        None => {
            let message = format!("`{}` has no track `{track}`", request.sound);
            let hint = format!("its tracks are: {}", names().collect::<Vec<_>>().join(", "));
            Err(vec![Diagnostic::general("unknown-name", message).hint(hint)])
        }
    }
}

/// The kind of a node that plays what the host sends.
fn live(plan: &Plan) -> Option<&'static str> {
    plan.ops.iter().find_map(|op| match &op.what {
        What::Node(recipe) => ["input", "midi_cc"].into_iter().find(|name| recipe.def.spec.name == *name),
        What::Voices(voices) => match &voices.driver {
            Driver::MidiIn { score: None, .. } => Some("midi_in"),
            _ => voices.pools.iter().find_map(|pool| live(&pool.main.plan)),
        },
        _ => None,
    })
}

/// Which of the frozen tracks of a sound are still what they were, and what is to be said of the others.
pub(super) fn fresh(request: &Request, lowered: &Lowered) -> (Vec<Frozen>, Vec<Diagnostic>) {
    let (mut kept, mut said) = (vec![], vec![]);
    for frozen in request.library.frozen().iter().filter(|frozen| frozen.sound == request.sound) {
        let Frozen { track: name, post_fader, key_span, .. } = frozen;
        let warn = |message: String, hint: &str| Diagnostic::warning("frozen", *key_span, message).hint(hint);
        match lowered.tracks.iter().find(|t| t.role == Role::Track && t.name == *name) {
            None => said.push(warn(
                format!("`{}` has no track `{name}` any more that could be frozen", request.sound),
                "unfreeze it",
            )),
            Some(track) if Origin::of(lowered, request, track, *post_fader).key == frozen.source => {
                kept.push(frozen.clone());
            }
            Some(_) => said.push(warn(
                format!("`{name}` has changed since it was frozen: its source plays"),
                "freeze it again (it holds for one sample rate), or unfreeze it",
            )),
        }
    }
    (kept, said)
}

impl Lower<'_> {
    /// The recording that plays instead of a track, before or behind its fader.
    pub(super) fn recorded(&mut self, track: &str, post_fader: bool, path: &str) -> Result<Option<Wire>> {
        let is = |frozen: &&Frozen| frozen.track == track && frozen.post_fader == post_fader;
        let Some(Frozen { file, span, bpm, end, .. }) = self.frozen.iter().find(is).cloned() else {
            return Ok(None);
        };
        let audio = self.stored_file(span, span.file, &file, |store, folder, file, roots| {
            store.load(folder, file, roots)
        })?;
        let own = self.arrangement.line.clone();
        let line = own.unwrap_or_else(|| {
            let tempo = TempoMap::steady(bpm.unwrap_or(120.0));
            Arc::new(Timeline { tempo, follows_host: true, ..Timeline::default() })
        });
        let channels = audio.channels.len().clamp(1, 2);
        let take = Take {
            start: [0.0; 2],
            end: [f64::INFINITY; 2],
            offset: 0.0,
            speed: audio.rate / self.request.rate,
            reverse: false,
            looped: false,
            gain: 1.0,
            fade_in: 0.0,
            fade_out: 0.0,
            law: Law::Shape(Shape::Linear),
            audio,
        };
        let plan = RecordingsPlan {
            takes: vec![take].into(),
            made_at: Some(bpm.map_or_else(|| line.tempo.clone(), TempoMap::steady)),
            in_frames: bpm.is_none(),
            rings_from: end as f64,
            clock: ClockPlan::Map(line),
        };
        let what = What::Recordings(plan);
        Ok(Some(self.push(what, vec![], channels, Ends::Never, format!("{path}.frozen"))))
    }
}
