//! The end of a bounce: one gain for all files, files completed and named, what was kept given to the cache, and the report.

use std::path::PathBuf;

use crate::compile::parts::Parts;

use super::crew::Done;
use super::export::Bounced;
use super::fault::{Failure, Policy};
use super::file::Sink;
use super::making::Kind;
use super::report::{FaultReport, FileReport, NodeReport, PartReport, Report};
use super::task::{FileTask, PartTask, Task};
use super::wish::{Export, Source};
use super::write::Finished;

/// Completes files and report.
pub(super) fn finish(parts: &Parts, export: &Export, done: Done, kinds: &[Kind]) -> Result<Bounced, Failure> {
    let gear = export.gear;
    let mut report = Report {
        sound: parts.name.clone(),
        rate: gear.rate,
        quality: gear.quality.name(),
        ..Report::default()
    };
    let (mut files, mut keepers) = (vec![], vec![]);
    for ((task, seconds), kind) in done.tasks.into_iter().zip(done.seconds).zip(kinds) {
        match (task, *kind) {
            (Task::Part(task), Kind::Part(number, how)) => {
                let (part, fault) = part(&task, seconds, how);
                match fault {
                    Some(fault) if export.policy != Policy::Silence => {
                        return Err(Failure::Part { number, part: part.name, fault });
                    }
                    Some(fault) => {
                        report.faults.push(FaultReport::new(&part.name, &fault, parts.rate, "silenced"));
                    }
                    None => {}
                }
                report.parts.push(part);
                keepers.extend(task.keep);
            }
            (_, Kind::Part(number, how)) => {
                let name = parts.parts[number].name.clone();
                report.parts.push(PartReport { name, how, seconds, voices: 0, nodes: vec![] });
            }
            (Task::Mix(task), _) => {
                report.mix = seconds;
                report.ended = task.mixdown.ended().is_some();
                let odd = |name: &str| format!("`{name}` is not finite and was silenced");
                report.warnings.extend(task.mixdown.faulty().map(|strip| odd(&strip.name)));
            }
            (Task::File(task), Kind::File(number)) => {
                report.writing += seconds;
                files.push((number, task));
            }
            _ => {}
        }
    }
    report.frames = files.iter().map(|(_, task)| task.frames).max().unwrap_or(0);
    let (audio, whole) = write(parts, export, files, &mut report)?;
    name(whole)?;
    // Only now: what is kept was heard to its end.
    keepers.into_iter().for_each(|keep| drop(keep.finish()));
    if let Some(cache) = &export.cache {
        cache.trim();
    }
    Ok(Bounced { report, audio })
}

/// What a part has done, and what went wrong in it.
fn part(task: &PartTask, seconds: f64, how: &'static str) -> (PartReport, Option<crate::engine::PartFault>) {
    let PartTask { player, name, .. } = task;
    let nodes = player.times(seconds).into_iter().filter(|node| !node.id.is_empty());
    let mut nodes: Vec<NodeReport> =
        nodes.map(|node| NodeReport { node: node.id, seconds: node.seconds }).collect();
    nodes.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    let report = PartReport { name: name.clone(), how, seconds, voices: player.most_voices(), nodes };
    (report, player.fault().cloned())
}

/// Frames that are handed back, and files that are whole but still have their temporary names.
type Written = (Vec<[Vec<f32>; 2]>, Vec<Finished>);

/// Completes the files, all with the same gain.
fn write(
    parts: &Parts,
    export: &Export,
    files: Vec<(usize, Box<FileTask>)>,
    report: &mut Report,
) -> Result<Written, Failure> {
    let is_mix = |(number, _): &&(usize, _)| export.outputs[*number].source == Source::Mix;
    let mix = files.iter().find(is_mix).or(files.first());
    let gain = mix.map_or(0.0, |(_, task)| export.level.gain(&task.meter.levels()));
    report.gain = gain;
    let factor = 10f64.powf(gain / 20.0) as f32;
    let (mut audio, mut whole) = (vec![], vec![]);
    for (number, task) in files {
        let levels = task.meter.levels().raised(gain);
        if task.odd {
            report.warnings.push(format!("`{}` had values that are not finite: silence instead", task.name));
        }
        let failed =
            |error: std::io::Error| Failure::File { name: task.name.clone(), error: error.to_string() };
        let finished: Option<Finished> = match task.sink {
            Sink::File(writer) => Some(writer.finish(Some(levels.loudness())).map_err(failed)?),
            Sink::Spool(spool) => Some(spool.finish(factor, Some(levels.loudness())).map_err(failed)?),
            Sink::Memory(mut sides) => {
                if gain != 0.0 {
                    sides.iter_mut().flatten().for_each(|x| *x *= factor);
                }
                audio.push(sides);
                None
            }
        };
        let clipped = finished.as_ref().map_or(0, |file| file.clipped);
        let name = match export.outputs[number].source {
            Source::Mix => "mix".to_owned(),
            Source::Stem(n) => parts.stems[n].name.clone(),
        };
        if clipped > 0 {
            let warning = format!("`{name}` has {clipped} samples beyond full scale, which were clipped");
            report.warnings.push(warning);
        }
        let path: Option<PathBuf> = finished.as_ref().map(|file| file.path.clone());
        report.files.push(FileReport { name, path, frames: task.frames, levels, clipped });
        whole.extend(finished);
    }
    Ok((audio, whole))
}

/// Gives all files their names, or none.
fn name(files: Vec<Finished>) -> Result<(), Failure> {
    let mut named: Vec<PathBuf> = vec![];
    for file in files {
        let path = file.path.clone();
        if let Err(error) = file.keep() {
            named.iter().for_each(|path| drop(std::fs::remove_file(path)));
            return Err(Failure::File { name: path.display().to_string(), error: error.to_string() });
        }
        named.push(path);
    }
    Ok(())
}
