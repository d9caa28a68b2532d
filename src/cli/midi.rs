//! `seiche midi`: the notes of a pattern or a song, as a MIDI file that any program reads.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;

use clap::Args;

use super::opened;
use crate::compile::Request;
use crate::compile::parts::{Arrangement, Cut, compile_parts};
use crate::language::{Library, nearest, render as show};
use crate::library::{self, samples::Store};
use crate::nodes;
use crate::quality::Quality;
use crate::score::midi::{Written, write};

/// Writes the notes of a sound as a MIDI file: a track for each `pattern` and each `clips`, with the tempos, metres and markers of
/// its `song`. What is played over and over is written once. Exit code 0: written; 1: the library has errors, the sound has no
/// notes, or a file cannot be read or written; 2: a wrong command line.
#[derive(Args)]
#[command(after_help = "\
Examples:
  seiche midi night.yaml                       the only sound of the file, as NAME.mid
  seiche midi presets --sound song -o song.mid")]
pub(super) struct Midi {
    /// A file, or a folder whose .yaml and .yml files make one library.
    file: PathBuf,
    /// Which sound; may be left out where there is only one that has notes.
    #[arg(long, value_name = "NAME")]
    sound: Option<String>,
    /// The file to write [default: NAME.mid in this folder].
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Seed of everything random.
    #[arg(long, default_value = "0")]
    seed: u64,
}

impl Midi {
    pub fn run(self) -> ExitCode {
        opened::end(self.write())
    }

    fn write(self) -> Result<(), String> {
        let library = opened::library(&self.file)?;
        let (sound, piece) = self.choose(&library)?;
        let names: Vec<String> = piece.tracks.iter().map(|(path, _)| name_of(path, &sound)).collect();
        let tracks = names.iter().zip(&piece.tracks).map(|(name, (_, notes))| Written { name, notes });
        let bytes = write(&tracks.collect::<Vec<_>>(), &piece.line.unwrap_or_default())?;
        let out =
            self.out.unwrap_or_else(|| PathBuf::from(format!("{}.mid", crate::bounce::names::safe(&sound))));
        library::save::write(&out, &bytes).map_err(|fault| fault.message)?;
        let notes: usize = piece.tracks.iter().map(|(_, notes)| notes.len()).sum();
        println!("wrote     {}\ntracks    {}\nnotes     {notes}", out.display(), piece.tracks.len());
        Ok(())
    }

    /// The sound that was asked for, or the only one with notes.
    fn choose(&self, library: &Library) -> Result<(String, Arrangement), String> {
        let piece = |sound: &str| -> Result<Arrangement, String> {
            let store = Mutex::new(Store::default());
            let request = Request {
                library,
                sound,
                overrides: &[],
                rate: 48_000.0,
                quality: Quality::Normal,
                seed: self.seed,
                store: &store,
            };
            let parts = compile_parts(&request, Cut { whole: true, ..Cut::default() });
            parts.map(|parts| parts.arrangement).map_err(|faults| show(&faults, library.files(), false))
        };
        let all: Vec<&str> = library.sounds().map(|(name, _)| name).collect();
        if let Some(wanted) = &self.sound {
            if !all.contains(&wanted.as_str()) {
                let hint =
                    nearest(wanted, all.iter().copied()).map(|near| format!(": did you mean `{near}`?"));
                return Err(format!("there is no sound `{wanted}`{}", hint.unwrap_or_default()));
            }
            let piece = piece(wanted)?;
            return match piece.tracks.is_empty() {
                true => Err(format!("`{wanted}` has no notes: neither `pattern` nor `clips`")),
                false => Ok((wanted.clone(), piece)),
            };
        }
        let mut faults = vec![];
        let mut found: Vec<(String, Arrangement)> = vec![];
        for sound in all {
            match piece(sound) {
                Ok(piece) if !piece.tracks.is_empty() => found.push((sound.to_owned(), piece)),
                Ok(_) => {}
                Err(fault) => faults.push(fault),
            }
        }
        match (found.len(), faults.first()) {
            (1, _) => Ok(found.remove(0)),
            (0, Some(fault)) => Err(fault.clone()),
            (0, None) => Err("no sound of this library has notes: write a `pattern` or `clips`".into()),
            _ => {
                let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
                Err(format!("say which sound with --sound; those with notes are: {}", names.join(", ")))
            }
        }
    }
}

/// Parts of paths that say nothing to people.
const PLAIN: &[&str] = &["signal", "root", "tracks", "instrument", "inserts"];

/// What a node's track is called: the name that is nearest to it in the text.
fn name_of(path: &str, sound: &str) -> String {
    let own = |part: &&str| {
        !PLAIN.contains(part)
            && nodes::find(part).is_none()
            && part.parse::<u32>().is_err()
            && !part.is_empty()
    };
    path.rsplit(['.', '/']).find(own).unwrap_or(sound).to_owned()
}
