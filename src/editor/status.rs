//! The line at the bottom: how busy the engine is on average and at worst, how many voices sound, what the samples take, what the last change of the sound was,
//! which version this is. Window thread.

use std::collections::VecDeque;
use std::time::Instant;

use egui::{Align, Layout, Ui};

use super::{Scene, theme};
use crate::session::{Counts, Reading, Session};

/// Seconds for which the worst block is shown.
const WORST: f64 = 3.0;

/// How busy the engine is, as shares of the time that it has, 0..1 and above where that is too much.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Busy {
    pub average: f32,
    /// The block that took longest in the last seconds.
    pub worst: f32,
}

/// Follows the load so that the figures can be read.
#[derive(Default)]
pub struct Status {
    before: Reading,
    shown: f32,
    /// When it began to count, to know how many ticks a second has.
    began: Option<(Instant, Reading)>,
    /// The highest shares with their times, each lower than the one before.
    worst: VecDeque<(Instant, f32)>,
}

impl Status {
    /// `rate`: frames per second, 0 where nothing plays.
    pub fn busy(&mut self, session: &Session, rate: f64) -> Busy {
        let (share, now) = session.load().since(self.before);
        self.before = now;
        self.shown += (share - self.shown) * 0.1;
        let here = Instant::now();
        let (began, first) = *self.began.get_or_insert((here, now));
        let passed = (here - began).as_secs_f64();
        let worst = session.load().take_worst();
        if passed > 0.2 && rate > 0.0 {
            let a_second = now.since(&first) as f64 / passed;
            self.note(here, (worst * rate / a_second.max(1.0)) as f32);
        }
        Busy { average: self.shown, worst: self.worst.front().map_or(0.0, |(_, share)| *share) }
    }

    fn note(&mut self, here: Instant, share: f32) {
        while self.worst.back().is_some_and(|(_, lower)| *lower <= share) {
            self.worst.pop_back();
        }
        self.worst.push_back((here, share));
        while self.worst.front().is_some_and(|(at, _)| (here - *at).as_secs_f64() > WORST) {
            self.worst.pop_front();
        }
    }
}

pub fn draw(ui: &mut Ui, scene: &Scene<'_>) {
    let size = egui::vec2(ui.available_width(), ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        if ui.available_width() > theme::NARROW {
            ui.label(theme::quiet(ui, concat!("Seiche ", env!("CARGO_PKG_VERSION"))));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| figures(ui, scene));
    });
}

fn figures(ui: &mut Ui, scene: &Scene<'_>) {
    let (average, worst) = (scene.busy.average * 100.0, scene.busy.worst * 100.0);
    let about = "Of the time that it has: on average, and the block that took longest in the last 3 s. Above 100 % the sound breaks up.";
    let ink = if worst > 100.0 { theme::of(ui).fault } else { theme::of(ui).text };
    ui.label(egui::RichText::new(format!("CPU {average:.1} %, worst {worst:.0} %")).color(ink))
        .on_hover_text(about);
    ui.label(theme::quiet(ui, "·"));
    ui.label(match scene.voices {
        1 => "1 voice".into(),
        n => format!("{n} voices"),
    });
    if scene.snapshot.latency > 0 {
        ui.label(theme::quiet(ui, "·"));
        let about = "A limiter looks ahead; the host makes everything else as late.";
        ui.label(format!("{} frames late", scene.snapshot.latency)).on_hover_text(about);
    }
    if scene.samples.entries > 0 {
        ui.label(theme::quiet(ui, "·"));
        let (line, details) = samples(&scene.samples);
        ui.label(line).on_hover_text(details);
    }
    if let Some(reload) = &scene.snapshot.reload {
        ui.label(theme::quiet(ui, "·"));
        let line = egui::Label::new(theme::quiet(ui, reload.line())).truncate();
        ui.add(line).on_hover_text(reload.details().join("\n"));
    }
}

/// How it stands with the samples: in a few words, and in full.
fn samples(counts: &Counts) -> (String, String) {
    let mb = |bytes: usize| format!("{:.1} MB", bytes as f64 / f64::from(1 << 20));
    let many = if counts.entries == 1 { "1 sample".into() } else { format!("{} samples", counts.entries) };
    let Counts { decodes, hits, evictions, .. } = counts;
    let details = format!(
        "The samples of all instances take {}; up to {} are kept that nobody plays.\n{decodes} decoded · {hits} found in memory · {evictions} dropped",
        mb(counts.bytes),
        mb(counts.budget)
    );
    (format!("{many}, {}", mb(counts.bytes)), details)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn status_shows_the_worst_block_for_some_seconds() {
        let (mut status, began) = (Status::default(), Instant::now());
        let mut note = |seconds: f64, share| {
            status.note(began + Duration::from_secs_f64(seconds), share);
            status.worst.front().unwrap().1
        };
        assert_eq!([note(0.0, 0.2), note(1.0, 0.9), note(2.0, 0.3)], [0.2, 0.9, 0.9]);
        assert_eq!([note(3.9, 0.1), note(4.1, 0.1), note(5.1, 0.05)], [0.9, 0.3, 0.1]);
    }
}
