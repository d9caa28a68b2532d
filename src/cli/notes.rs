//! `seiche notes`: what the keys of a sound are called, for piano rolls that cannot ask the plug-in: a list for Reaper, or MIDNAM for
//! Cubase, Ardour and others.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::opened;
use crate::compile::{NoteName, note_names};
use crate::language::{Library, nearest, render as show};
use crate::library;

/// Writes what the keys of a sound are called: `name` and `notes` of its `midi_in`. Exit code 0: written; 1: the library has errors,
/// no key has a name, or a file cannot be read or written; 2: a wrong command line.
#[derive(Args)]
#[command(after_help = "\
Examples:
  seiche notes kit.yaml                             the list, as Reaper reads it, on the standard output
  seiche notes kit.yaml --out kit.txt               for Reaper: piano roll, File, Note/CC names, Load
  seiche notes presets --sound kit --out kit.midnam for Cubase, Ardour and others")]
pub(super) struct Notes {
    /// A file, or a folder whose .yaml and .yml files make one library.
    file: PathBuf,
    /// Which sound; the first one whose keys have names if not said.
    #[arg(long, value_name = "NAME")]
    sound: Option<String>,
    /// The file to write; one that ends in .midnam becomes a MIDNAM document, every other one a list for Reaper.
    #[arg(short, long, value_name = "X.midnam|X.txt")]
    out: Option<PathBuf>,
}

impl Notes {
    pub fn run(self) -> ExitCode {
        opened::end(self.write())
    }

    fn write(self) -> Result<(), String> {
        let library = opened::library(&self.file)?;
        let (sound, names) = self.names(&library)?;
        let Some(out) = &self.out else {
            // A closed pipe is no fault.
            let _ = std::io::stdout().write_all(list(&names, &sound).as_bytes());
            return Ok(());
        };
        let is_document = out.extension().is_some_and(|end| end.eq_ignore_ascii_case("midnam"));
        let text = if is_document { document(&names, &sound) } else { list(&names, &sound) };
        library::save::write(out, text.as_bytes()).map_err(|fault| fault.message)?;
        println!("{}: {} keys of `{sound}`", out.display(), names.len());
        Ok(())
    }

    /// The sound, and the names of its keys.
    fn names(&self, library: &Library) -> Result<(String, Vec<NoteName>), String> {
        let named = |sound: &str| {
            let root = library.instantiate(sound, &[]);
            root.map(|root| note_names(&root)).map_err(|faults| show(&faults, library.files(), false))
        };
        let all: Vec<&str> = library.sounds().map(|(name, _)| name).collect();
        let Some(wanted) = &self.sound else {
            let found = all.iter().filter_map(|sound| Some((sound, named(sound).ok()?)));
            let first = found.into_iter().find(|(_, names)| !names.is_empty());
            let nothing =
                || "no key of this library has a name: write `notes: {36: Kick}` in a `midi_in`".to_owned();
            return first.map(|(sound, names)| (sound.to_string(), names)).ok_or_else(nothing);
        };
        if !all.contains(&wanted.as_str()) {
            let hint = nearest(wanted, all.iter().copied()).map(|near| format!(": did you mean `{near}`?"));
            return Err(format!("there is no sound `{wanted}`{}", hint.unwrap_or_default()));
        }
        let names = named(wanted)?;
        if names.is_empty() {
            return Err(format!(
                "no key of `{wanted}` has a name: write `notes: {{36: Kick}}` in a `midi_in`"
            ));
        }
        Ok((wanted.clone(), names))
    }
}

/// One line for each key. Reaper's files know no channels: a key has its first name.
fn list(names: &[NoteName], sound: &str) -> String {
    let mut text = format!("// {}\n", line(sound));
    let mut last = None;
    for NoteName { key, name, .. } in names {
        if last.replace(key) != Some(key) {
            let _ = writeln!(text, "{key} {}", line(name));
        }
    }
    text
}

/// A text on one line, without what cannot be written.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The same as XML, as the MIDI Manufacturers Association's MIDNAM 1.0 has it. Channels count from 1 there.
fn document(names: &[NoteName], sound: &str) -> String {
    let sound = escaped(sound);
    let heard = |channel: u8| names.iter().any(|name| name.channel.is_none_or(|c| c == channel));
    let channels: Vec<u8> = (0..16).filter(|channel| heard(*channel)).collect();
    let mut assigned = String::new();
    let mut sets = String::new();
    let mut lists = String::new();
    for channel in channels {
        let number = channel + 1;
        let _ = writeln!(
            assigned,
            r#"        <ChannelNameSetAssign Channel="{number}" NameSet="Channel {number}"/>"#
        );
        let _ = write!(
            sets,
            r#"    <ChannelNameSet Name="Channel {number}">
      <AvailableForChannels>
        <AvailableChannel Channel="{number}" Available="true"/>
      </AvailableForChannels>
      <UsesNoteNameList Name="Keys {number}"/>
      <PatchBank Name="{sound}">
        <PatchNameList>
          <Patch Number="0" Name="{sound}" ProgramChange="0"/>
        </PatchNameList>
      </PatchBank>
    </ChannelNameSet>
"#
        );
        let _ = writeln!(lists, r#"    <NoteNameList Name="Keys {number}">"#);
        let mut last = None;
        for name in names.iter().filter(|name| name.channel.is_none_or(|c| c == channel)) {
            if last.replace(name.key) != Some(name.key) {
                let _ =
                    writeln!(lists, r#"      <Note Number="{}" Name="{}"/>"#, name.key, escaped(&name.name));
            }
        }
        lists.push_str("    </NoteNameList>\n");
    }
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE MIDINameDocument PUBLIC "-//MIDI Manufacturers Association//DTD MIDINameDocument 1.0//EN" "http://www.midi.org/dtds/MIDINameDocument10.dtd">
<MIDINameDocument>
  <Author>Seiche</Author>
  <MasterDeviceNames>
    <Manufacturer>Seiche</Manufacturer>
    <Model>{sound}</Model>
    <CustomDeviceMode Name="Default">
      <ChannelNameSetAssignments>
{assigned}      </ChannelNameSetAssignments>
    </CustomDeviceMode>
{sets}{lists}  </MasterDeviceNames>
</MIDINameDocument>
"#
    )
}

/// As text and attributes of XML have it.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // Not allowed in XML 1.0, even escaped.
            '\u{fffe}' | '\u{ffff}' => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}
