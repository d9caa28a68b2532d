//! `seiche freeze` and `seiche unfreeze`: a track as a recording of itself, and back.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;

use clap::Args;

use super::opened;
use crate::bounce::{self, Control};
use crate::language::Library;
use crate::library::{self, samples::Store};

/// Bounces a track and lets its recording play in its place: the file is written beside the library, in the folder `frozen`, in 32-bit float, and
/// the text says so under `frozen`. The whole mix is bounced before and after: what is saved is told, and a track that would sound
/// otherwise is left as it is. If the track is changed later its source plays, with a warning. Exit code 0: done; 1: it cannot be; 2: a
/// wrong command line.
#[derive(Args)]
#[command(after_help = "\
Examples:
  seiche freeze night.yaml --track pad                 before its fader, as the song plays by itself
  seiche freeze night.yaml --track pad --post-fader --bpm 96
  seiche unfreeze night.yaml --track pad               the text is again what it was")]
pub(super) struct Freeze {
    #[command(flatten)]
    of: Of,
    /// With what its fader does: level, pan and their automation. Else before the fader, which goes on working.
    #[arg(long)]
    post_fader: bool,
    /// As in a host of this tempo; a sound whose song has its own time plays by that if not said.
    #[arg(long, value_name = "BPM", value_parser = super::render::tempo)]
    bpm: Option<f64>,
    /// How many seconds, where the sound does not say how long it is.
    #[arg(long, value_name = "SECONDS", value_parser = super::render::seconds)]
    seconds: Option<f64>,
    /// Frames per second: a recording plays only at the rate that it was made for, which is that of the host.
    #[arg(long, default_value = "44100", value_parser = clap::value_parser!(u32).range(8_000..=384_000))]
    rate: u32,
    /// Seed of everything random.
    #[arg(long, default_value = "0")]
    seed: u64,
}

/// Lets the source of a frozen track play again. The text is to the byte what it was before, and the recording is removed. Exit code 0: done;
/// 1: it is not frozen, or a file cannot be written; 2: a wrong command line.
#[derive(Args)]
pub(super) struct Unfreeze {
    #[command(flatten)]
    of: Of,
}

/// Which track.
#[derive(Args)]
struct Of {
    /// A file, or a folder whose .yaml and .yml files make one library.
    file: PathBuf,
    /// The track, as the mixer or the outermost mix calls it.
    #[arg(long, value_name = "NAME")]
    track: String,
    /// Which sound [default: the one that the library opens with].
    #[arg(long, value_name = "NAME")]
    sound: Option<String>,
}

impl Of {
    fn sound(&self, library: &Library) -> Result<String, String> {
        let sound = self.sound.as_deref().or(library.opening());
        sound.map(str::to_owned).ok_or_else(|| "there is no sound in this library".into())
    }
}

impl Freeze {
    pub fn run(self) -> ExitCode {
        opened::end(self.freeze())
    }

    fn freeze(self) -> Result<(), String> {
        let library = opened::library(&self.of.file)?;
        let sound = self.of.sound(&library)?;
        let store = Mutex::new(Store::default());
        let freeze = bounce::Freeze {
            library: &library,
            sound: &sound,
            track: &self.of.track,
            post_fader: self.post_fader,
            bpm: self.bpm,
            seconds: self.seconds,
            rate: f64::from(self.rate),
            seed: self.seed,
            store: &store,
            drums: None,
            events: vec![],
        };
        let control = Control::default();
        let cancel = control.clone();
        // Where the system has no such signals, nothing is lost but tidiness.
        let _ = ctrlc::set_handler(move || cancel.cancel());
        let iced = freeze.run(&control, &mut |_| {}).map_err(|failure| failure.to_string())?;
        let path = &library.files()[iced.file as usize].path;
        if let Err(fault) = library::save::write(path, iced.text.as_bytes()) {
            let _ = fs::remove_file(&iced.recording);
            return Err(fault.message);
        }
        println!(
            "frozen    {} of {sound}\nwrote     {}\n{}",
            self.of.track,
            iced.recording.display(),
            iced.told()
        );
        Ok(())
    }
}

impl Unfreeze {
    pub fn run(self) -> ExitCode {
        opened::end(self.unfreeze())
    }

    fn unfreeze(self) -> Result<(), String> {
        let library = opened::library(&self.of.file)?;
        let sound = self.of.sound(&library)?;
        let track = &self.of.track;
        let found = bounce::unfreeze(&library, &sound, track);
        let (file, text, recording) = found.ok_or_else(|| format!("`{track}` of `{sound}` is not frozen"))?;
        let path = &library.files()[file as usize].path;
        library::save::write(path, text.as_bytes()).map_err(|fault| fault.message)?;
        // Where somebody has removed it already, so much the better.
        let _ = fs::remove_file(recording);
        println!("unfrozen  {track} of {sound}");
        Ok(())
    }
}
