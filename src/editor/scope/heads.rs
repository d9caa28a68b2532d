//! Where the voices of a node are: in the file that they play, over its wave, or in the stages of their envelope. Window thread.

use std::sync::Weak;

use egui::{Align2, FontId, Shape, Stroke, Ui, pos2, vec2};

use super::{HEIGHT, field};
use crate::editor::theme;
use crate::session::{Audio, GraphNode, Told, Voice};

/// Stages of an envelope.
const STAGES: [&str; 4] = ["Attack", "Decay", "Sustain", "Release"];

/// The lowest and the highest value of a stretch.
type Column = (f32, f32);

/// What was heard of the voices last, and the wave that is shown.
#[derive(Default)]
pub struct Heads {
    pub voices: Vec<Voice>,
    /// Of which file it is, and the lowest and the highest value of each column.
    wave: Option<(Weak<Audio>, Vec<Column>)>,
}

impl Heads {
    /// Shows the voices of a node that has something to tell.
    pub fn draw(&mut self, ui: &mut Ui, node: &GraphNode) {
        match node.kind {
            "sample" if !node.files.0.is_empty() => self.file(ui, &node.files.0),
            "envelope" => self.stages(ui),
            _ => {}
        }
    }

    /// The file that the newest voice plays, and where in it each of its voices is.
    fn file(&mut self, ui: &mut Ui, files: &[Weak<Audio>]) {
        let heads = self.voices.iter().filter_map(|voice| match voice.told {
            Told::Head { file, at } => Some((file, at)),
            _ => None,
        });
        let heads: Vec<(usize, f32)> = heads.collect();
        let shown = heads.first().map_or(0, |(file, _)| *file).min(files.len() - 1);
        let here: Vec<f32> = heads.iter().filter(|(file, _)| *file == shown).map(|(_, at)| *at).collect();
        let places: Vec<String> = here.iter().map(|at| format!("{:.0} %", at * 100.0)).collect();
        let told = if places.is_empty() {
            "no voice".to_owned()
        } else {
            format!("voices at {}", places.join(", "))
        };
        let rect = field(ui, HEIGHT / 2.0, &format!("File: {told}"));
        let palette = theme::of(ui);
        let wide = rect.width().max(1.0) as usize;
        let middle = rect.center().y;
        let y = |value: f32| middle - value.clamp(-1.0, 1.0) * (rect.height() / 2.0 - 2.0);
        for (n, (low, top)) in self.columns(&files[shown], wide).iter().enumerate() {
            let x = rect.left() + n as f32 + 0.5;
            ui.painter().vline(x, y(*top) - 0.5..=y(*low) + 0.5, Stroke::new(1.0, palette.line));
        }
        for (n, at) in here.iter().enumerate().rev() {
            let stroke =
                if n == 0 { Stroke::new(2.0, palette.accent) } else { Stroke::new(1.0, palette.warm) };
            ui.painter().vline(rect.left() + at * rect.width(), rect.y_range(), stroke);
        }
        let name =
            if files.len() > 1 { format!("File {} of {}", shown + 1, files.len()) } else { "File".into() };
        note(ui, rect, &name);
    }

    /// The columns of a file, counted once for each width.
    fn columns(&mut self, file: &Weak<Audio>, wide: usize) -> &[Column] {
        let known = |(of, columns): &(Weak<Audio>, Vec<_>)| of.ptr_eq(file) && columns.len() == wide;
        if !self.wave.as_ref().is_some_and(known) {
            self.wave = file.upgrade().map(|audio| (file.clone(), columns(&audio, wide)));
        }
        self.wave.as_ref().map_or(&[], |(_, columns)| columns)
    }

    /// The stages side by side, and where each voice is; the newest is the largest.
    fn stages(&self, ui: &mut Ui) {
        let places: Vec<(usize, f32, f32)> = self.voices.iter().filter_map(place).collect();
        let told = match places.first() {
            Some((stage, _, level)) => format!("{}, level {level:.2}", STAGES[*stage]),
            None => "at rest".to_owned(),
        };
        let rect = field(ui, HEIGHT / 2.0, &format!("Envelope: {told}"));
        let palette = theme::of(ui);
        let wide = rect.width() / STAGES.len() as f32;
        let at = |stage: usize, part: f32, level: f32| {
            let inner = rect.shrink2(vec2(0.0, 16.0)).translate(vec2(0.0, 8.0));
            pos2(
                rect.left() + (stage as f32 + part) * wide,
                inner.bottom() - level.clamp(0.0, 1.0) * inner.height(),
            )
        };
        for (n, name) in STAGES.into_iter().enumerate() {
            let left = rect.left() + n as f32 * wide;
            if n > 0 {
                ui.painter().vline(left, rect.y_range(), Stroke::new(1.0, palette.line.gamma_multiply(0.5)));
            }
            let here = places.first().is_some_and(|(stage, ..)| *stage == n);
            let ink = if here { palette.text } else { palette.quiet };
            let font = FontId::proportional(10.0);
            ui.painter().text(pos2(left + 4.0, rect.top() + 2.0), Align2::LEFT_TOP, name, font, ink);
        }
        for (n, (stage, part, level)) in places.into_iter().enumerate().rev() {
            let (size, ink) = if n == 0 { (4.0, palette.accent) } else { (2.5, palette.warm) };
            ui.painter().add(Shape::circle_filled(at(stage, part, level), size, ink));
        }
        let at = rect.right_bottom() - vec2(4.0, 2.0);
        let text = format!("newest voice: {told}");
        ui.painter().text(at, Align2::RIGHT_BOTTOM, text, FontId::proportional(10.0), palette.quiet);
    }
}

fn place(voice: &Voice) -> Option<(usize, f32, f32)> {
    match voice.told {
        Told::Stage { stage, part, level } if stage < STAGES.len() => Some((stage, part, level)),
        _ => None,
    }
}

fn note(ui: &Ui, rect: egui::Rect, text: &str) {
    let (at, font) = (rect.left_top() + vec2(4.0, 2.0), FontId::proportional(10.0));
    ui.painter().text(at, Align2::LEFT_TOP, text, font, theme::of(ui).quiet);
}

/// The lowest and the highest value of all channels in each of `wide` equal parts of a file.
fn columns(audio: &Audio, wide: usize) -> Vec<Column> {
    let frames = audio.frames();
    let part = |n: usize| {
        let (from, to) =
            (n * frames / wide, ((n + 1) * frames / wide).max(n * frames / wide + 1).min(frames));
        let values = audio.channels.iter().flat_map(|channel| channel.get(from..to).unwrap_or(&[]));
        values.fold((0.0f32, 0.0f32), |(low, top), x| (low.min(*x), top.max(*x)))
    };
    (0..wide).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_file_columns_hold_every_value_once() {
        let mut left = vec![0.0; 1_003];
        (left[0], left[500], left[1_002]) = (0.5, -0.25, 1.0);
        let audio = Audio { rate: 48_000.0, channels: vec![left, vec![-0.125; 1_003]] };
        let all = columns(&audio, 100);
        assert_eq!((all.len(), all[0], all[99]), (100, (-0.125, 0.5), (-0.125, 1.0)));
        assert_eq!(all.iter().filter(|(low, _)| *low == -0.25).count(), 1);
        assert_eq!(columns(&Audio { rate: 1.0, channels: vec![vec![1.0; 3]] }, 10).len(), 10);
    }
}
