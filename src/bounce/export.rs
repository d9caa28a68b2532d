//! A whole bounce: parts are built or found in the cache (`making`), workers take them through the song (`crew`), files are completed
//! and, when all of them are whole, get their names (`finish`). Nothing is left of a bounce that fails or is cancelled.

use std::collections::HashSet;
use std::time::Instant;

use crate::compile::Request;
use crate::compile::parts::Parts;
use crate::engine::{Cause, PartFault};
use crate::library::vault::Vault;

use super::control::{Control, Progress};
use super::crew::{Crew, run};
use super::fault::{Failure, Policy};
use super::finish::finish;
use super::making::Making;
use super::report::{FaultReport, MemoryReport, Report};
use super::wish::{Export, Output};

/// What came of it.
pub struct Bounced {
    pub report: Report,
    /// Left and right × frames of the outputs without a target, in order.
    pub audio: Vec<[Vec<f32>; 2]>,
}

/// Bounces a sound in parts, which `request` has made. The caller's thread is told the progress at least ten times a second.
///
/// # Errors
/// See [`Failure`]; then no file was written.
pub fn export(
    parts: &Parts,
    request: &Request,
    export: &Export,
    control: &Control,
    tell: &mut dyn FnMut(&Progress),
) -> Result<Bounced, Failure> {
    let begin = Instant::now();
    let decoded = Vault::shared().counts().decodes;
    one_file_each(&export.outputs)?;
    let mut without = Without::default();
    let poor = silent_samples(parts, export.policy, &mut without)?;
    loop {
        match attempt(parts, request, export, &without, control, tell) {
            Err(Failure::Part { number, fault, .. })
                if export.policy == Policy::Skip && !without.parts().contains(&number) =>
            {
                without.left_out.push((number, fault));
            }
            Err(Failure::Damaged(_)) if !without.cache => without.cache = true,
            Err(failure) => return Err(failure),
            Ok(mut bounced) => {
                let report = &mut bounced.report;
                report.seconds = begin.elapsed().as_secs_f64();
                report.real_time_factor = report.frames as f64 / report.rate / report.seconds.max(1e-9);
                report.cache.decodes = Vault::shared().counts().decodes - decoded;
                let told = |done: &'static str| {
                    move |(n, fault): &(usize, PartFault)| {
                        FaultReport::new(&parts.parts[*n].name, fault, parts.rate, done)
                    }
                };
                report.faults.extend(poor.iter().map(told("played without it")));
                report.faults.extend(without.left_out.iter().map(told("left out")));
                if without.cache {
                    report.warnings.push("the cache was damaged: everything was rendered anew".into());
                }
                return Ok(bounced);
            }
        }
    }
}

/// What an attempt does without: since another one has failed, or since only the others are to be heard.
#[derive(Default)]
pub(super) struct Without {
    left_out: Vec<(usize, PartFault)>,
    pub quiet: HashSet<usize>,
    pub cache: bool,
}

impl Without {
    pub fn parts(&self) -> HashSet<usize> {
        self.left_out.iter().map(|(part, _)| *part).chain(self.quiet.iter().copied()).collect()
    }
}

/// Two outputs must not write over each other.
fn one_file_each(outputs: &[Output]) -> Result<(), Failure> {
    let mut seen = HashSet::new();
    for target in outputs.iter().filter_map(|output| output.target.as_ref()) {
        if !seen.insert(&target.path) {
            return Err(Failure::Wish(format!("{}: asked for twice", target.path.display())));
        }
    }
    Ok(())
}

/// Parts that lack samples, which their store has excused: what is done about them. Returns those that play without.
fn silent_samples(
    parts: &Parts,
    policy: Policy,
    without: &mut Without,
) -> Result<Vec<(usize, PartFault)>, Failure> {
    let mut poor = vec![];
    for (number, draft) in parts.parts.iter().enumerate() {
        for node in draft.without_samples() {
            let fault = PartFault { cause: Cause::NoSample, at: 0, node: Some(node) };
            match policy {
                Policy::Stop => return Err(Failure::Part { number, part: draft.name.clone(), fault }),
                Policy::Skip if without.parts().contains(&number) => {}
                Policy::Skip => without.left_out.push((number, fault)),
                Policy::Silence => poor.push((number, fault)),
            }
        }
    }
    Ok(poor)
}

/// Bounces once, or says why not.
pub(super) fn attempt(
    parts: &Parts,
    request: &Request,
    export: &Export,
    without: &Without,
    control: &Control,
    tell: &mut dyn FnMut(&Progress),
) -> Result<Bounced, Failure> {
    let cables = parts.parts.iter().map(|part| part.writes.len()).sum::<usize>() + 2;
    let begin = |chunk| export.timeline(parts.latency, chunk);
    let mut timeline = begin(export.crew.chunk);
    let (crew, buffers) = export.crew.reserve(cables, timeline.longest())?;
    let mut warnings = vec![];
    if crew != export.crew {
        let (Crew { chunk, ahead, .. }, before) = (crew, export.crew.threads());
        warnings.push(format!(
            "memory is short: smaller buffers for {cables} signals, {chunk} frames, {ahead} ahead"
        ));
        if crew.threads() < before {
            warnings.push(format!("memory is short: {} workers instead of {before}", crew.threads()));
        }
        timeline = begin(chunk);
    }
    let mut making = Making::new(parts, export, &timeline, without);
    making.parts(request, &mut warnings)?;
    making.mix();
    making.files()?;
    let Making { stations, kinds, builds, .. } = making;
    let done = run(stations, &timeline, (crew, buffers), control, tell)?;
    let effort = done.effort;
    if effort.workers < crew.threads() {
        warnings.push(format!("{} workers instead of {}", effort.workers, crew.threads()));
    }
    let mut bounced = finish(parts, export, done, &kinds)?;
    let report = &mut bounced.report;
    report.cache.builds = builds;
    report.cache.hits = report.parts.iter().filter(|part| part.how == "cached").count();
    (report.workers, report.chunk, report.ahead) = (effort.workers, crew.chunk, crew.ahead);
    (report.busy, report.steals) = (effort.busy, effort.steals);
    report.idle = 1.0 - (effort.busy / (effort.seconds * effort.workers as f64).max(1e-9)).min(1.0);
    report.memory = MemoryReport { buffers: crew.bytes(cables), process: MemoryReport::of_process() };
    report.warnings.splice(0..0, warnings);
    Ok(bounced)
}
