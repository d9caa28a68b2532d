//! WAV files in 32-bit float, and what is measured on sound: peak, level, onset, difference.

use crate::Failed;
use std::path::Path;

/// Sound: channels of frames.
pub type Channels = Vec<Vec<f32>>;

/// Writes channels of equal length.
pub fn write(path: &Path, rate: f64, channels: &[Vec<f32>]) -> Result<(), Failed> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let spec = hound::WavSpec {
        channels: channels.len() as u16,
        sample_rate: rate as u32,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for frame in 0..channels.first().map_or(0, Vec::len) {
        for channel in channels {
            writer.write_sample(channel[frame])?;
        }
    }
    Ok(writer.finalize()?)
}

/// Reads a float or integer file: its rate and channels.
pub fn read(path: &Path) -> Result<(f64, Channels), Failed> {
    let mut reader = hound::WavReader::open(path).map_err(|e| Failed(format!("{}: {e}", path.display())))?;
    let spec = reader.spec();
    let scale = 1.0 / (1i64 << (spec.bits_per_sample - 1)) as f32;
    let samples: Vec<f32> = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().collect::<Result<_, _>>()?,
        hound::SampleFormat::Int => {
            reader.samples::<i32>().map(|s| s.map(|s| s as f32 * scale)).collect::<Result<_, _>>()?
        }
    };
    let count = usize::from(spec.channels.max(1));
    let channels = (0..count).map(|c| samples.iter().skip(c).step_by(count).copied().collect()).collect();
    Ok((f64::from(spec.sample_rate), channels))
}

/// Largest absolute sample.
pub fn peak(channels: &[Vec<f32>]) -> f32 {
    channels.iter().flatten().fold(0.0, |m, s| if s.is_finite() { s.abs().max(m) } else { f32::INFINITY })
}

/// Root of the mean square over all channels.
pub fn rms(channels: &[Vec<f32>]) -> f64 {
    let count = channels.iter().map(Vec::len).sum::<usize>().max(1);
    (channels.iter().flatten().map(|s| f64::from(*s).powi(2)).sum::<f64>() / count as f64).sqrt()
}

/// The first frame from `from` on at which any channel exceeds `threshold`.
pub fn onset(channels: &[Vec<f32>], from: usize, threshold: f32) -> Option<usize> {
    channels
        .iter()
        .filter_map(|c| c.iter().skip(from).position(|s| s.abs() > threshold))
        .min()
        .map(|i| i + from)
}

/// Whether every sample is a number.
pub fn finite(channels: &[Vec<f32>]) -> bool {
    channels.iter().flatten().all(|s| s.is_finite())
}

/// Level of the largest difference over the common length in dBFS; minus infinity for equal sound.
pub fn null_db(a: &[Vec<f32>], b: &[Vec<f32>]) -> f64 {
    let pairs = a.iter().zip(b).flat_map(|(a, b)| a.iter().zip(b));
    let worst = pairs.map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max);
    20.0 * worst.log10()
}

/// Frequency in hertz of a steady tone, from its upward zero crossings between two frames.
pub fn frequency(channel: &[f32], rate: f64) -> f64 {
    let crossing = |i: usize| {
        let (a, b) = (f64::from(channel[i - 1]), f64::from(channel[i]));
        i as f64 - b / (b - a)
    };
    let crossings: Vec<f64> =
        (1..channel.len()).filter(|&i| channel[i - 1] < 0.0 && channel[i] >= 0.0).map(crossing).collect();
    match (crossings.first(), crossings.last()) {
        (Some(first), Some(last)) if last > first => (crossings.len() - 1) as f64 * rate / (last - first),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f64) -> Vec<f32> {
        (0..48_000)
            .map(|i| (i as f64 * hertz / 48_000.0 * std::f64::consts::TAU).sin() as f32 * 0.5)
            .collect()
    }

    #[test]
    fn wav_measures_what_a_tone_is() {
        let tone = vec![tone(440.25), tone(440.25)];
        assert!((frequency(&tone[0], 48_000.0) - 440.25).abs() < 0.01);
        assert!((rms(&tone) - 0.5 / 2f64.sqrt()).abs() < 1e-4);
        assert!((peak(&tone) - 0.5).abs() < 1e-3);
        assert_eq!(null_db(&tone, &tone), f64::NEG_INFINITY);
        let mut other = tone.clone();
        other[1][7] += 0.001;
        assert!((null_db(&tone, &other) + 60.0).abs() < 0.1);
        let late = vec![[vec![0.0; 100], tone[0].clone()].concat()];
        assert_eq!(onset(&late, 0, 1e-6), Some(101));
        assert!(!finite(&[vec![0.0, f32::NAN]]));
    }

    #[test]
    fn wav_files_come_back_as_they_were() {
        let path = crate::shell::target("test-logs/wav.wav");
        let sound = vec![tone(100.0), tone(200.0)];
        write(&path, 44_100.0, &sound).unwrap();
        assert_eq!(read(&path).unwrap(), (44_100.0, sound));
    }
}
