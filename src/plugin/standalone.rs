//! Seiche without a host: the plug-in and its window at the system's audio and MIDI, by the framework's own program. Main thread; the
//! audio thread is the system's and calls the same `process` as a host does.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use nice_plug::prelude::nice_export_standalone_with_args;

use super::{Instrument, Variant};
use crate::session::{Finding, Message, Session, Status};

/// What the sound comes out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// JACK where its server runs, or else ALSA.
    Auto,
    Jack,
    Alsa,
}

/// What is to be played, and how.
#[derive(Clone, Debug)]
pub struct Wish {
    pub library: PathBuf,
    /// Its name; none: the library's first.
    pub sound: Option<String>,
    pub window: bool,
    pub backend: Backend,
    /// Of ALSA; none: the system's.
    pub output: Option<String>,
    /// Where notes come from: a port of ALSA or JACK.
    pub midi: Option<String>,
    /// Frames per second and of a block; JACK has its own.
    pub rate: u32,
    pub block: u32,
}

/// The plug-in without a host: it plays in its own tempo.
struct Alone;

static WISH: OnceLock<Wish> = OnceLock::new();
/// Some audio has begun to ask for sound.
static RUNS: AtomicBool = AtomicBool::new(false);

impl Variant for Alone {
    const NAME: &'static str = "Seiche";
    const CLAP_ID: &'static str = "org.seiche.alone";
    const DESCRIPTION: &'static str = "Seiche without a host";
    const AUX: &'static [NonZeroU32] = &[];
    const AUX_NAMES: &'static [&'static str] = &[];
    const HOSTED: bool = false;

    fn begin(session: &Arc<Session>) {
        let Some(wish) = WISH.get() else { return };
        if !wish.window {
            tell(session);
        }
        session.send(Message::Open(wish.library.clone()));
        if let Some(sound) = &wish.sound {
            session.send(Message::Choose(sound.clone()));
        }
    }

    fn has_window() -> bool {
        WISH.get().is_none_or(|wish| wish.window)
    }

    fn activated() {
        RUNS.store(true, Relaxed);
    }
}

/// Says on the terminal what the window would show: what plays, and what is wrong.
fn tell(session: &Arc<Session>) {
    let (weak, told) = (Arc::downgrade(session), Mutex::new((String::new(), vec![])));
    session.on_news(Box::new(move || {
        let Some(session) = weak.upgrade() else { return };
        let snapshot = session.snapshot();
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if snapshot.status == Status::Playing && told.0 != snapshot.sound {
            told.0.clone_from(&snapshot.sound);
            println!("plays {}", snapshot.sound);
        }
        if told.1 != snapshot.findings {
            told.1.clone_from(&snapshot.findings);
            snapshot.findings.iter().for_each(|finding: &Finding| eprintln!("{}", finding.to_text()));
        }
    }));
}

/// An interruption, or being asked to end, closes the window: the framework hears of it, and looks only where there is no window.
#[cfg(unix)]
pub fn close_when_interrupted(egui: &egui::Context) {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let (Some(_), Ok(mut signals)) = (WISH.get(), signal_hook::iterator::Signals::new([SIGINT, SIGTERM]))
    else {
        return;
    };
    let egui = egui.clone();
    let close = move || {
        if signals.forever().next().is_some() {
            egui.send_viewport_cmd(egui::ViewportCommand::Close);
            egui.request_repaint();
        }
    };
    // Without a thread for it the window is closed by hand.
    let _ = std::thread::Builder::new().name("seiche signals".into()).spawn(close);
}

/// Plays until the window is closed, or the program is interrupted.
///
/// # Errors
/// One sentence: there is no audio to be had, or no window.
pub fn play(wish: Wish) -> Result<(), String> {
    let wish = WISH.get_or_init(|| wish);
    let backends: &[(Backend, &str)] = match wish.backend {
        Backend::Auto => &[(Backend::Jack, "jack"), (Backend::Alsa, "alsa")],
        Backend::Jack => &[(Backend::Jack, "jack")],
        Backend::Alsa => &[(Backend::Alsa, "alsa")],
    };
    for (backend, name) in backends {
        let mut args: Vec<String> = ["seiche play", "--backend", name].map(String::from).into();
        let number = |value: u32| Some(value.to_string());
        let output = wish.output.clone().filter(|_| *backend == Backend::Alsa);
        let midi = if *backend == Backend::Jack { "--connect-jack-midi-input" } else { "--midi-input" };
        let options = [
            ("--sample-rate", number(wish.rate)),
            ("--period-size", number(wish.block)),
            ("--output-device", output),
            (midi, wish.midi.clone()),
        ];
        for (option, value) in options {
            args.extend(value.map(|value| format!("{option}={value}")));
        }
        if nice_export_standalone_with_args::<Instrument<Alone>, _>(args) {
            return Ok(());
        }
        if RUNS.load(Relaxed) {
            return Err(
                "the window could not be opened: is there a screen? `--no-window` plays without".into()
            );
        }
    }
    let tried: Vec<&str> = backends.iter().map(|(_, name)| *name).collect();
    Err(format!("there is no audio to be had from {}; what they say stands above", tried.join(" or ")))
}
