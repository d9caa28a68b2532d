//! WAV files: 16 and 24 bit, and 32-bit float. Any thread but the audio thread.

use std::io::{self, Write};
use std::path::Path;

/// How a sample is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    Int16,
    Int24,
    Float32,
}

impl Depth {
    fn bytes(self) -> usize {
        match self {
            Depth::Int16 => 2,
            Depth::Int24 => 3,
            Depth::Float32 => 4,
        }
    }
}

/// Writes `channels` (channels × frames, all of one length) to `path` through a temporary file beside it, so that nobody ever
/// sees half a file.
///
/// # Errors
/// Those of the file system, and a length beyond what a WAV file can say (4 GiB).
pub fn write_wav(path: &Path, channels: &[&[f32]], rate: u32, depth: Depth) -> io::Result<()> {
    let frames = channels.first().map_or(0, |c| c.len());
    let bytes = frames * channels.len() * depth.bytes();
    u32::try_from(bytes + 64).map_err(|_| io::Error::other("longer than a WAV file can be (4 GiB)"))?;
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let written = (|| {
        let mut out = io::BufWriter::new(std::fs::File::create(part)?);
        header(&mut out, channels.len() as u16, rate, depth, frames as u32)?;
        for frame in 0..frames {
            for channel in channels {
                sample(&mut out, channel[frame], depth)?;
            }
        }
        if bytes % 2 == 1 {
            out.write_all(&[0])?;
        }
        out.into_inner().map_err(|e| e.into_error())?.sync_all()
    })();
    match written {
        Ok(()) => std::fs::rename(part, path),
        Err(error) => {
            let _ = std::fs::remove_file(part);
            Err(error)
        }
    }
}

fn header(out: &mut impl Write, channels: u16, rate: u32, depth: Depth, frames: u32) -> io::Result<()> {
    let bytes = depth.bytes() as u32;
    let data = frames * u32::from(channels) * bytes;
    let float = depth == Depth::Float32;
    let fact = if float { 12 } else { 0 };
    out.write_all(b"RIFF")?;
    out.write_all(&(4 + 24 + fact + 8 + data + data % 2).to_le_bytes())?;
    out.write_all(b"WAVEfmt ")?;
    out.write_all(&16u32.to_le_bytes())?;
    out.write_all(&(if float { 3u16 } else { 1 }).to_le_bytes())?;
    out.write_all(&channels.to_le_bytes())?;
    out.write_all(&rate.to_le_bytes())?;
    out.write_all(&(rate * u32::from(channels) * bytes).to_le_bytes())?;
    out.write_all(&(channels * bytes as u16).to_le_bytes())?;
    out.write_all(&(bytes as u16 * 8).to_le_bytes())?;
    if float {
        out.write_all(b"fact")?;
        out.write_all(&4u32.to_le_bytes())?;
        out.write_all(&frames.to_le_bytes())?;
    }
    out.write_all(b"data")?;
    out.write_all(&data.to_le_bytes())
}

fn sample(out: &mut impl Write, x: f32, depth: Depth) -> io::Result<()> {
    let scaled = |full: f64| (f64::from(x).clamp(-1.0, 1.0) * full).round_ties_even() as i32;
    match depth {
        Depth::Int16 => out.write_all(&(scaled(32_767.0) as i16).to_le_bytes()),
        Depth::Int24 => out.write_all(&scaled(8_388_607.0).to_le_bytes()[..3]),
        Depth::Float32 => out.write_all(&x.to_le_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wav_reads_back_as_written() {
        let folder = std::env::temp_dir().join(format!("seiche-wav-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (left, right) = ([0.0, 0.5, -1.0], [0.25, -0.25, 1.0]);
        for (depth, tolerance) in [(Depth::Int16, 4e-5), (Depth::Int24, 2e-7), (Depth::Float32, 0.0)] {
            let path = folder.join("x.wav");
            write_wav(&path, &[&left, &right], 44_100, depth).unwrap();
            let mut reader = hound::WavReader::open(&path).unwrap();
            assert_eq!(reader.spec().sample_rate, 44_100);
            let read: Vec<f32> = match depth {
                Depth::Float32 => reader.samples::<f32>().map(Result::unwrap).collect(),
                Depth::Int16 => reader.samples::<i32>().map(|s| s.unwrap() as f32 / 32_767.0).collect(),
                Depth::Int24 => reader.samples::<i32>().map(|s| s.unwrap() as f32 / 8_388_607.0).collect(),
            };
            let wanted = [0.0, 0.25, 0.5, -0.25, -1.0, 1.0];
            assert!(read.iter().zip(wanted).all(|(a, b)| (a - b).abs() <= tolerance), "{depth:?}: {read:?}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
