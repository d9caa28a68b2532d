//! The command line: one file per command, errors to the standard error, results to the standard output. Main thread only; never
//! part of the plug-in.

mod check;
mod collect;
mod freeze;
mod input;
mod midi;
mod notes;
mod opened;
#[cfg(feature = "play")]
mod play;
mod presets;
mod render;
mod triggers;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Sound libraries in YAML: check them and play them.
#[derive(Parser)]
#[command(
    name = "seiche",
    version,
    arg_required_else_help = true,
    after_help = "\
A first library, as the file hello.yaml:

  hello:
    envelope: {attack: 0.01, release: 0.5, duration: 2, signal: {osc: {type: saw, freq: a3}}}

  seiche check hello.yaml      finds every mistake, with its place and how to mend it
  seiche render hello.yaml     writes hello.wav"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Look for mistakes in libraries, without playing anything.
    Check(check::Check),
    /// Let a track be played from a recording of itself.
    Freeze(freeze::Freeze),
    /// Write the notes of a pattern or a song as a MIDI file.
    Midi(midi::Midi),
    /// Write what the keys of a sound are called, for piano rolls.
    Notes(notes::Notes),
    /// Play a library at the system's audio and MIDI, with the window.
    #[cfg(feature = "play")]
    Play(play::Play),
    /// List the presets.
    Presets(presets::Presets),
    /// Render a sound into audio files.
    Render(Box<render::Render>),
    /// Find the strokes of a recorded drum: a table or a MIDI file.
    Triggers(Box<triggers::Triggers>),
    /// Bring a library together with all that it names, to take it elsewhere.
    Collect(collect::Collect),
    /// Let the source of a frozen track play again.
    Unfreeze(freeze::Unfreeze),
    /// Print the JSON schema of libraries, for editors that know YAML.
    Schema,
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Check(check) => check.run(),
        Command::Freeze(freeze) => freeze.run(),
        Command::Midi(midi) => midi.run(),
        Command::Unfreeze(unfreeze) => unfreeze.run(),
        Command::Notes(notes) => notes.run(),
        #[cfg(feature = "play")]
        Command::Play(play) => play.run(),
        Command::Presets(presets) => presets.run(),
        Command::Collect(collect) => collect.run(),
        Command::Render(render) => render.run(),
        Command::Triggers(triggers) => triggers.run(),
        Command::Schema => {
            // A reader that has seen enough closes the pipe: no fault of ours.
            let _ = std::io::stdout().write_all(crate::reference::schema().as_bytes());
            ExitCode::SUCCESS
        }
    }
}
