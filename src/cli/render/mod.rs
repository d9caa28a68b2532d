//! `seiche render`: a sound into audio files, by the engine that plays it in a host, as fast as the machine can.

mod files;
mod midi;
mod options;
mod told;
mod values;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;

use crate::bounce::{self, Cache, Crew, Export, Failure, FaultReport, Forecast, Level, Report, names};
use crate::compile::Request;
use crate::compile::parts::{Cut, StemWish, compile_parts};
use crate::engine::{Control, Event, Gear, Transport, What};
use crate::language::{Diagnostic, Library, nearest, render as show};
use crate::library;
use crate::library::samples::{Excuse, Store};
use crate::nodes;
use files::DEFAULT_SECONDS;
pub use options::Render;
use options::{OnFault, Stems};
use told::Teller;
use values::Headroom;
pub use values::{seconds, tempo};

/// What went wrong, in one sentence for people.
type Fault = String;

/// Bytes that the cache keeps.
const CACHE: u64 = 4 << 30;

impl Render {
    pub fn run(self) -> ExitCode {
        self.render().unwrap_or_else(|fault| {
            eprintln!("seiche: {fault}");
            ExitCode::FAILURE
        })
    }

    fn render(self) -> Result<ExitCode, Fault> {
        let files = library::read(&self.file).map_err(|d| d.message)?;
        let specs: Vec<_> = nodes::ALL.iter().map(|def| &def.spec).collect();
        let library = Library::read(files, &specs);
        report(library.diagnostics(), &library);
        if library.diagnostics().iter().any(Diagnostic::is_error) {
            return Ok(ExitCode::FAILURE);
        }
        let sound = self.choose(&library)?;
        let rate = f64::from(self.rate);
        let gear = Gear::new(self.quality.quality(), rate);
        let mut events = self.turned(&library)?;
        let midi = self.midi.as_ref().map(|path| midi::read(path, rate)).transpose()?;
        let mut store = Store::default();
        if self.on_fault != OnFault::Stop {
            store.begin(Excuse::Everything);
        }
        let store = Mutex::new(store);
        let request = Request {
            library: &library,
            sound: &sound,
            overrides: &self.set,
            rate: gear.engine_rate(),
            quality: gear.quality,
            seed: self.seed,
            store: &store,
        };
        let wish = |stems: Stems| StemWish { point: stems.point(), master: self.stems_with_master };
        let parts = match compile_parts(&request, Cut { stems: self.stems.map(wish), whole: false }) {
            Ok(parts) => parts,
            Err(errors) => {
                report(&errors, &library);
                return Ok(ExitCode::FAILURE);
            }
        };
        report(&parts.warnings, &library);
        let piece = parts.arrangement.frames(rate, self.bpm);
        let own = parts.length.map(|own| own.saturating_sub(parts.latency) as f64 / parts.rate);
        let own = own.or(piece.map(|frames| frames as f64 / rate));
        let own = own.or(midi.as_ref().map(|midi| midi.seconds));
        events.extend(midi.into_iter().flat_map(|midi| midi.events));
        let length = self.length(own, &parts.arrangement)?;
        let out = self.out.clone().unwrap_or_else(|| {
            let extension = self.format.container().extension();
            PathBuf::from(format!("{}.{extension}", names::safe(&sound)))
        });
        let mut export = Export {
            gear,
            length,
            events,
            transport: self.bpm.map(start_of_song),
            outputs: self.outputs(&parts, &out, &length)?,
            level: Level {
                peak: self.peak,
                true_peak: self.true_peak,
                lufs: self.lufs,
                headroom: self.headroom.map(|most| if let Headroom::Below(most) = most { most } else { 0.0 }),
                foretold: None,
            },
            crew: Crew {
                workers: self.workers.into(),
                chunk: self.block as usize,
                memory: u64::from(self.memory) << 20,
                ..Crew::default()
            },
            policy: self.on_fault.policy(),
            time_limit: self.time_limit,
            cache: self.cache()?,
        };
        let control = bounce::Control::default();
        let cancel = control.clone();
        // Where the system has no such signals, nothing is lost but tidiness.
        let _ = ctrlc::set_handler(move || cancel.cancel());
        let foretold = self.foretell(&request, &mut export, &control)?;
        let teller = Teller::new(self.progress, (length.to - length.from) as f64 / rate);
        let bounced = bounce::export(&parts, &request, &export, &control, &mut |p| teller.tell(p));
        teller.done();
        let done = match bounced {
            Ok(bounced) => Report { forecast: foretold, ..bounced.report },
            Err(failure) => return Err(told_failure(&failure)),
        };
        if self.seconds.is_none() && self.range.is_none() && own.is_none() && !done.ended {
            eprintln!(
                "seiche: `{sound}` does not say how long it lasts: {DEFAULT_SECONDS} s (--seconds says otherwise)"
            );
        }
        self.write_report(&done)?;
        // A closed pipe (`seiche render … | head`) is no fault.
        let _ = std::io::stdout().write_all(told::summary(&done, self.bits.depth().is_whole()).as_bytes());
        Ok(faults(&done))
    }

    /// Says how loud it is going to be, if somebody wants to know.
    fn foretell(
        &self,
        request: &Request,
        export: &mut Export,
        control: &bounce::Control,
    ) -> Result<Option<Forecast>, Fault> {
        let auto = self.headroom == Some(Headroom::Auto);
        if !auto && !self.forecast {
            return Ok(None);
        }
        let forecast = bounce::forecast(request, export, control).map_err(|f| told_failure(&f))?;
        if auto {
            export.level.foretold = Some(forecast.gain(0.0));
        }
        eprint!("{}", told::forecast(&forecast, export.level.foretold));
        Ok(Some(forecast))
    }

    fn cache(&self) -> Result<Option<Cache>, Fault> {
        let open = |folder: &PathBuf| {
            Cache::new(folder, CACHE)
                .map_err(|e| format!("{}: cannot be used as a cache ({e})", folder.display()))
        };
        self.cache.as_ref().map(open).transpose()
    }

    fn write_report(&self, done: &Report) -> Result<(), Fault> {
        let Some(path) = &self.report else { return Ok(()) };
        let text = if path.extension().is_some_and(|e| e == "txt") { done.to_text() } else { done.to_json() };
        std::fs::write(path, text).map_err(|e| format!("{}: cannot be written ({e})", path.display()))
    }

    /// The macros that are turned, from the beginning on.
    fn turned(&self, library: &Library) -> Result<Vec<Event>, Fault> {
        let turn = |(name, text): &(String, String)| {
            let all = library.macros();
            let Some(item) = all.iter().find(|m| m.name == *name) else {
                let names: Vec<&str> = all.iter().map(|m| m.name.as_str()).collect();
                let hint =
                    nearest(name, names.iter().copied()).map(|near| format!("did you mean `{near}`? "));
                let list = if names.is_empty() {
                    "it has none".into()
                } else {
                    format!("its macros are: {}", names.join(", "))
                };
                return Err(format!("the library has no macro `{name}`; {}{list}", hint.unwrap_or_default()));
            };
            let share =
                item.read(text).filter(|share| (-1e-9..=1.0 + 1e-9).contains(share)).ok_or_else(|| {
                    let (low, high) = item.range_text();
                    format!("`{text}` is no value of the macro `{name}`: it goes from {low} to {high}")
                })?;
            let control = Control::Macro(item.slot);
            Ok(Event { at: 0, what: What::Control { control, value: share.clamp(0.0, 1.0) as f32 } })
        };
        self.macros.iter().map(turn).collect()
    }

    /// The sound that was asked for, or the only one.
    fn choose(&self, library: &Library) -> Result<String, Fault> {
        let names: Vec<&str> = library.sounds().map(|(name, _)| name).collect();
        let list = || format!("the sounds of {} are: {}", self.file.display(), names.join(", "));
        match (&self.sound, names.as_slice()) {
            (_, []) => Err(format!("{}: there is no sound in this library", self.file.display())),
            (None, [only]) => Ok((*only).to_owned()),
            (None, _) => Err(format!("say which sound with --sound; {}", list())),
            (Some(name), _) if names.contains(&name.as_str()) => Ok(name.clone()),
            (Some(name), _) => {
                let hint = nearest(name, names.iter().copied());
                let hint = hint.map_or(String::new(), |near| format!("did you mean `{near}`? "));
                Err(format!("there is no sound `{name}`; {hint}{}", list()))
            }
        }
    }
}

fn report(diagnostics: &[Diagnostic], library: &Library) {
    if !diagnostics.is_empty() {
        eprint!("{}", show(diagnostics, library.files(), std::io::stderr().is_terminal()));
    }
}

/// A host that begins to play at the first bar.
fn start_of_song(tempo: f64) -> Transport {
    Transport::starting(tempo)
}

fn told_failure(failure: &Failure) -> Fault {
    match failure {
        Failure::Part { .. } => format!("{failure} (--on-fault silence goes on without)"),
        _ => failure.to_string(),
    }
}

/// Tells which tracks failed while they played.
fn faults(done: &Report) -> ExitCode {
    for FaultReport { part, node, at, cause, done } in &done.faults {
        let place = node.as_ref().map_or(String::new(), |node| format!(", first in `{node}`"));
        let why = match *cause {
            "not finite" => " (a division by zero, or a loop that grows?)",
            _ => "",
        };
        match (*cause, node) {
            ("missing sample", Some(node)) => {
                eprintln!("seiche: `{part}` has no sample for `{node}`: {done}")
            }
            _ => eprintln!("seiche: `{part}` is {cause} at {at:.3} s{place}, and therefore {done}{why}"),
        }
    }
    for warning in &done.warnings {
        eprintln!("seiche: {warning}");
    }
    match done.faults.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
