//! Dialogs for files and folders: the desktop's own, which the small programs show that come with desktops. They are processes of their own, so that
//! no toolkit comes into the host; a library would have to share the host's main loop, or the desktop's bus, and could not tell "nothing chosen"
//! from "there is no such dialog here". A thread waits for them, the window never does.

use std::ffi::OsString;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::Duration;

use egui::{Context, Role, Ui, WidgetInfo};

use super::Asked;
use super::errand::{Errand, Stop};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file that is there, with one of these endings.
    File(&'static [&'static str]),
    Folder,
    /// A file that is going to be written.
    New,
}

/// What it is for: a dialog at a time, and where its answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A library that is to be opened.
    Library,
    Libraries,
    /// The file of an export, the folder of takes.
    Export,
    Takes,
    /// Where missing samples lie, and where everything is collected.
    Missing,
    Collect,
}

const LIBRARY: &[&str] = &["yaml", "yml", "seiche"];

impl Purpose {
    /// What is asked for, and the dialog's title.
    fn asks(self) -> (Kind, &'static str) {
        match self {
            Purpose::Library => (Kind::File(LIBRARY), "Open a library"),
            Purpose::Libraries => (Kind::Folder, "Open a folder with a library"),
            Purpose::Export => (Kind::New, "Export to this file"),
            Purpose::Takes => (Kind::Folder, "The folder of takes"),
            Purpose::Missing => (Kind::Folder, "Where the missing samples lie"),
            Purpose::Collect => (Kind::New, "Collect to this folder, or to a file that ends in .seiche"),
        }
    }
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Chosen(PathBuf),
    /// The dialog was closed without a choice.
    Nothing,
    /// There is none, and why.
    Unable(String),
}

/// A dialog, where one is open.
#[derive(Default)]
pub struct Dialog(Option<(Purpose, Errand<Answer>)>);

impl Dialog {
    /// Opens one that begins at this path, unless one is open.
    pub fn open(&mut self, context: &Context, purpose: Purpose, start: &str) {
        let (start, (kind, title)) = (PathBuf::from(start), purpose.asks());
        let ask = move |stop: &Stop| ask(&programs(), &Question { kind, title, start }, stop);
        if self.0.is_none() {
            self.0 = Errand::start(context, ask).map(|errand| (purpose, errand));
        }
    }

    /// What was chosen, once.
    pub fn answer(&mut self) -> Option<(Purpose, Answer)> {
        let (purpose, answer) =
            self.0.as_ref().and_then(|(purpose, errand)| Some((*purpose, errand.result()?)))?;
        self.0 = None;
        Some((purpose, answer))
    }

    /// The window goes, and with it what stands open.
    pub fn close(&mut self) {
        self.0 = None;
    }
}

/// A button that asks for a file or folder by the desktop's dialog.
pub fn button(ui: &mut Ui, label: &str, purpose: Purpose, start: &str, asked: &mut Asked) {
    let (_, title) = purpose.asks();
    let button = ui.button(label);
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, title));
    if button.on_hover_text(format!("{title}: by a dialog of the desktop")).clicked() {
        asked.choose = Some((purpose, start.trim().to_owned()));
    }
}

struct Question {
    kind: Kind,
    title: &'static str,
    /// Where to begin; may be empty.
    start: PathBuf,
}

/// A program that shows dialogs and writes what was chosen to its standard output.
#[derive(Clone, Copy)]
struct Program {
    name: &'static str,
    /// Its arguments, and what is handed to it beside them.
    command: fn(&mut Command, &Question),
}

/// Those of this system, the fitting ones first.
fn programs() -> Vec<Program> {
    let mut all = PROGRAMS.to_vec();
    let plasma = std::env::var("XDG_CURRENT_DESKTOP").is_ok_and(|name| name.contains("KDE"));
    if plasma {
        all.sort_by_key(|program| program.name != "kdialog");
    }
    all
}

#[cfg(not(any(target_os = "macos", windows)))]
const PROGRAMS: &[Program] = &[
    Program { name: "zenity", command: zenity },
    Program { name: "qarma", command: zenity },
    Program { name: "kdialog", command: kdialog },
];

#[cfg(not(any(target_os = "macos", windows)))]
fn zenity(command: &mut Command, question: &Question) {
    command.args(["--file-selection", "--title", question.title]);
    if !question.start.as_os_str().is_empty() {
        command.arg("--filename").arg(&question.start);
    }
    match question.kind {
        Kind::File(endings) => {
            let patterns: Vec<String> = endings.iter().map(|ending| format!("*.{ending}")).collect();
            command.arg(format!("--file-filter={}", patterns.join(" ")));
        }
        Kind::Folder => drop(command.arg("--directory")),
        Kind::New => drop(command.arg("--save")),
    }
}

#[cfg(not(any(target_os = "macos", windows)))]
fn kdialog(command: &mut Command, question: &Question) {
    let place = if question.start.as_os_str().is_empty() { Path::new(".") } else { &question.start };
    command.args(["--title", question.title]);
    match question.kind {
        Kind::File(endings) => {
            let patterns: Vec<String> = endings.iter().map(|ending| format!("*.{ending}")).collect();
            command.arg("--getopenfilename").arg(place).arg(patterns.join(" "));
        }
        Kind::Folder => drop(command.arg("--getexistingdirectory").arg(place)),
        Kind::New => drop(command.arg("--getsavefilename").arg(place)),
    }
}

#[cfg(target_os = "macos")]
const PROGRAMS: &[Program] = &[Program { name: "osascript", command: osascript }];

#[cfg(target_os = "macos")]
fn osascript(command: &mut Command, question: &Question) {
    let what = match question.kind {
        Kind::File(_) => "choose file with prompt (item 1 of argv)",
        Kind::Folder => "choose folder with prompt (item 1 of argv)",
        Kind::New => "choose file name with prompt (item 1 of argv)",
    };
    let lines = ["on run argv", &format!("POSIX path of ({what})"), "end run"];
    lines.iter().for_each(|line| drop(command.args(["-e", line])));
    command.arg(question.title);
}

#[cfg(windows)]
const PROGRAMS: &[Program] = &[Program { name: "powershell", command: powershell }];

#[cfg(windows)]
fn powershell(command: &mut Command, question: &Question) {
    use std::os::windows::process::CommandExt;
    /// Without a black window.
    const NO_CONSOLE: u32 = 0x0800_0000;
    let (class, result) = match question.kind {
        Kind::File(_) => ("OpenFileDialog", "FileName"),
        Kind::Folder => ("FolderBrowserDialog", "SelectedPath"),
        Kind::New => ("SaveFileDialog", "FileName"),
    };
    let script = format!(
        "[Console]::OutputEncoding = [Text.Encoding]::UTF8; Add-Type -AssemblyName System.Windows.Forms; \
         $d = New-Object System.Windows.Forms.{class}; \
         if ($d.ShowDialog() -eq 'OK') {{ $d.{result} }} else {{ exit 1 }}"
    );
    command.args(["-NoProfile", "-STA", "-Command", &script]).creation_flags(NO_CONSOLE);
}

/// Asks by the first program that there is.
fn ask(programs: &[Program], question: &Question, stop: &Stop) -> Answer {
    let mut why = vec![];
    for Program { name, command: fill } in programs {
        let mut command = Command::new(name);
        fill(&mut command, question);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        match command.spawn() {
            Ok(child) => match wait(child, stop) {
                Ok(answer) => return answer,
                Err(fault) => why.push(format!("{name} {fault}")),
            },
            Err(fault) if fault.kind() == ErrorKind::NotFound => {}
            Err(fault) => why.push(format!("{name} cannot be started: {fault}")),
        }
    }
    let names: Vec<&str> = programs.iter().map(|program| program.name).collect();
    let told =
        if why.is_empty() { format!("none of {} is installed", names.join(", ")) } else { why.join("; ") };
    Answer::Unable(format!("There is no dialog for files to be had here: {told}. Type the path instead."))
}

/// Waits for its answer; the fault is that it did not end as such programs do.
fn wait(mut child: Child, stop: &Stop) -> Result<Answer, String> {
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if !stop.load(Ordering::Relaxed) => std::thread::sleep(Duration::from_millis(30)),
            // Nobody waits for it any more, or it cannot be watched.
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Ok(Answer::Nothing);
            }
        }
    };
    match status.code() {
        Some(0) => {}
        Some(1) => return Ok(Answer::Nothing),
        _ => return Err(format!("ended with {status}")),
    }
    let mut said = vec![];
    if let Some(mut out) = child.stdout.take() {
        out.read_to_end(&mut said).map_err(|fault| fault.to_string())?;
    }
    while said.last().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
        said.pop();
    }
    let path = path(said);
    Ok(if path.as_os_str().is_empty() { Answer::Nothing } else { Answer::Chosen(path) })
}

#[cfg(unix)]
fn path(said: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(said).into()
}

#[cfg(not(unix))]
fn path(said: Vec<u8>) -> PathBuf {
    OsString::from(String::from_utf8_lossy(&said).into_owned()).into()
}

#[cfg(test)]
impl Dialog {
    /// One that is answered so.
    pub fn answered(context: &Context, purpose: Purpose, answer: Answer) -> Dialog {
        Dialog(Errand::start(context, |_| answer).map(|errand| (purpose, errand)))
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Scratch;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Instant;

    /// A program of these lines, which says with which arguments it was called.
    fn program(scratch: &Scratch, name: &str, lines: &str) -> Program {
        let path = scratch.0.join(name);
        let said = scratch.0.join(format!("{name}.said"));
        std::fs::write(&path, format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > '{}'\n{lines}\n", said.display()))
            .unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Program { name: Box::leak(path.to_string_lossy().into_owned().into_boxed_str()), command: zenity }
    }

    fn question(kind: Kind) -> Question {
        Question { kind, title: "Open", start: "/music/a b.yaml".into() }
    }

    #[test]
    fn dialog_says_what_was_chosen_and_what_was_not() {
        let scratch = Scratch::new("dialog");
        let stop = Stop::default();
        let chosen = program(&scratch, "chosen", "printf '/music/ü b.yaml\\n'");
        let answer = ask(&[chosen], &question(Kind::File(LIBRARY)), &stop);
        assert_eq!(answer, Answer::Chosen("/music/ü b.yaml".into()));
        let said = std::fs::read_to_string(scratch.0.join("chosen.said")).unwrap();
        let expected = "--file-selection\n--title\nOpen\n--filename\n/music/a b.yaml\n--file-filter=*.yaml *.yml *.seiche\n";
        assert_eq!(said, expected);
        let left = program(&scratch, "left", "exit 1");
        assert_eq!(
            ask(&[left, chosen], &question(Kind::Folder), &stop),
            Answer::Nothing,
            "the user has decided"
        );
        let broken = program(&scratch, "broken", "exit 255");
        assert!(matches!(ask(&[broken, chosen], &question(Kind::New), &stop), Answer::Chosen(_)));
        let Answer::Unable(why) = ask(&[broken], &question(Kind::New), &stop) else { panic!() };
        assert!(why.contains("broken ended with") && why.contains("Type the path instead."), "{why}");
        let none = Program { name: "no such program", command: zenity };
        let Answer::Unable(why) = ask(&[none], &question(Kind::New), &stop) else { panic!() };
        assert!(why.contains("none of no such program is installed"), "{why}");
    }

    #[test]
    fn dialog_goes_with_the_window() {
        let scratch = Scratch::new("dialog-goes");
        let slow = program(&scratch, "slow", "exec sleep 60");
        let began = Instant::now();
        let errand =
            Errand::start(&Context::default(), move |stop| ask(&[slow], &question(Kind::Folder), stop));
        while !scratch.0.join("slow.said").exists() && began.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(errand);
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "the dialog was waited for: {:?}",
            began.elapsed()
        );
    }
}
