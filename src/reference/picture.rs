//! The sound of an example as a small drawing: one upright line per column from its lowest to its highest sample. Whole numbers only,
//! so that the same sound gives the same file. Any thread.

use std::fmt::Write;

/// Columns of the drawing, and half of its height.
const COLUMNS: usize = 300;
const HALF: i32 = 40;

/// The drawing of two channels of equal length as SVG; `seconds` stands at its right edge.
pub fn waveform(name: &str, channels: &[Vec<f32>; 2], seconds: f64) -> String {
    let frames = channels[0].len();
    let mut path = String::new();
    for column in 0..COLUMNS {
        let (from, to) = (column * frames / COLUMNS, (column + 1) * frames / COLUMNS);
        let samples = || channels.iter().flat_map(|c| &c[from..to.max(from)]);
        let low = y(samples().copied().fold(f32::INFINITY, f32::min));
        let high = y(samples().copied().fold(f32::NEG_INFINITY, f32::max));
        // Silence is the middle line, which is drawn anyway.
        if (high, low) != (HALF, HALF) {
            let _ = write!(path, "M{column} {high}v{}", (low - high).max(1));
        }
    }
    let height = 2 * HALF;
    let end = (seconds * 100.0).round() / 100.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {COLUMNS} {full}\" width=\"{width}\" \
         height=\"{tall}\" role=\"img\">\n<title>{name}: {end} s</title>\n\
         <path d=\"M0 {HALF}h{COLUMNS}\" stroke=\"#888\" stroke-width=\".5\"/>\n\
         <path d=\"{path}\" stroke=\"#2b8a9e\"/>\n\
         <g font-family=\"sans-serif\" font-size=\"8\" fill=\"#888\"><text y=\"{base}\">0</text>\
         <text x=\"{COLUMNS}\" y=\"{base}\" text-anchor=\"end\">{end} s</text></g>\n</svg>\n",
        full = height + 10,
        width = 2 * COLUMNS,
        tall = 2 * (height + 10),
        base = height + 8,
    )
}

/// Height of a sample: full scale fills the drawing.
fn y(sample: f32) -> i32 {
    if sample.is_finite() {
        HALF - (sample.clamp(-1.0, 1.0) * (HALF - 1) as f32).round() as i32
    } else {
        HALF
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picture_shows_where_it_is_loud_and_stays_small() {
        let mut sound = vec![0.0f32; 30_000];
        sound[15_000] = 1.0;
        sound[15_001] = -1.0;
        let svg = waveform("x", &[sound.clone(), sound], 1.0);
        assert!(svg.contains(&format!("d=\"M150 1v{}\"", 2 * HALF - 2)), "{svg}");
        let loud = [0.9f32, -0.9].repeat(20_000);
        assert!(waveform("x", &[loud.clone(), loud], 1.0).len() < 6000);
        let nothing = waveform("x", &[vec![], vec![]], 0.0);
        assert!(nothing.contains("d=\"\""), "no sound is an empty path");
    }
}
