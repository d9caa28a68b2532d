//! A take on its way to the disk: a file for the mix and, if wanted, one for each strip, all of one length. Where the disk takes no more,
//! the files end there and are whole.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io;
use std::path::PathBuf;

use super::kept::Piece;
use super::{Place, Saved};
use crate::bounce::{Container, Depth, Shape, Tags, Target, Writer, names};

/// Frames of silence that are written at a time.
const SILENCE: [f32; 1024] = [0.0; 1024];

/// A file that is being written.
struct Track {
    /// The strip; none: the mix.
    name: Option<String>,
    path: PathBuf,
    writer: Writer,
}

pub struct Take {
    place: Place,
    pub stems: bool,
    rate: u32,
    tracks: Vec<Track>,
    /// What files are called, without their ends.
    base: String,
    _claim: Claim,
    taken: HashSet<String>,
    pub frames: u64,
    /// Frames that were played and are not in it.
    pub lost: u64,
}

impl Take {
    /// Begins one, with strips if `stems`.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn begin(place: Place, stems: bool, rate: f64) -> io::Result<Take> {
        std::fs::create_dir_all(&place.folder)?;
        let (base, claim) = claim(&place, "wav")?;
        let mut take = Take {
            place,
            stems,
            rate: rate as u32,
            tracks: vec![],
            base,
            _claim: claim,
            taken: HashSet::new(),
            frames: 0,
            lost: 0,
        };
        take.open(None)?;
        Ok(take)
    }

    /// The file of the mix.
    pub fn path(&self) -> PathBuf {
        self.tracks.first().map(|track| track.path.clone()).unwrap_or_default()
    }

    pub fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.rate)
    }

    /// Begins the file of the mix or of a strip, as long as the others are.
    fn open(&mut self, name: Option<String>) -> io::Result<()> {
        let file = match &name {
            None => self.base.clone(),
            Some(name) => format!("{}_{:02}_{}", self.base, self.tracks.len(), names::safe(name)),
        };
        let path = names::apart(&self.place.folder, &file, "wav", &mut self.taken);
        let shape = Shape { channels: 2, rate: self.rate, depth: Depth::Float32 };
        let tags = Tags { title: Some(file), ..Tags::default() };
        let target = Target { path: path.clone(), container: Container::Wav, shape, dither: None, tags };
        let mut writer = Writer::create(target)?;
        silence(&mut writer, self.frames)?;
        self.tracks.push(Track { name, path, writer });
        Ok(())
    }

    /// Writes what was played.
    ///
    /// # Errors
    /// Those of the file system; then [`Take::end`] it.
    pub fn write(&mut self, piece: &Piece) -> io::Result<()> {
        let strips = piece.names.iter().filter(|_| self.stems);
        for name in strips.cloned().collect::<Vec<_>>() {
            if !self.tracks.iter().any(|track| track.name.as_ref() == Some(&name)) {
                self.open(Some(name))?;
            }
        }
        for Track { name, writer, .. } in &mut self.tracks {
            let number = match name {
                None => Some(0),
                Some(name) => piece.names.iter().position(|known| known == name).map(|n| n + 1),
            };
            match number.and_then(|number| piece.signal(number)) {
                Some(sides) => writer.write(sides, 1.0)?,
                None => silence(writer, piece.frames as u64)?,
            }
        }
        self.frames += piece.frames as u64;
        Ok(())
    }

    /// Completes the files; `fault`: why they end here, if that was not wanted.
    ///
    /// # Errors
    /// Not even that is possible, in words.
    pub fn end(self, fault: Option<&io::Error>) -> Result<Saved, String> {
        let rate = f64::from(self.rate);
        let (mut files, mut frames, mut full) = (vec![], self.frames, fault.map(ToString::to_string));
        for Track { path, mut writer, .. } in self.tracks {
            let failed = |error: io::Error| format!("{}: cannot be completed ({error})", path.display());
            let flushed = if full.is_some() { Ok(()) } else { writer.flush() };
            full = full.or(flushed.err().map(|error| error.to_string()));
            let finished = match full {
                None => writer.finish(None).map_err(failed)?,
                Some(_) => {
                    let (finished, whole) = writer.rescue().map_err(failed)?;
                    frames = frames.min(whole);
                    finished
                }
            };
            files.push(finished.keep().map_err(failed)?);
        }
        let seconds = frames as f64 / rate;
        let ends = full.map(|why| format!("the take ends after {seconds:.1} s: {why}"));
        let lost = self.lost as f64 / rate;
        let lost = (lost > 0.0).then(|| format!("{lost:.1} s are missing: the disk was too slow"));
        let notes: Vec<String> = ends.into_iter().chain(lost).collect();
        Ok(Saved { files, seconds, note: (!notes.is_empty()).then(|| notes.join("; ")) })
    }
}

/// A name that no other instance takes: an empty file, which the take replaces. Removed if it never does.
struct Claim(PathBuf);

impl Drop for Claim {
    fn drop(&mut self) {
        if std::fs::metadata(&self.0).is_ok_and(|data| data.len() == 0) {
            let _ = std::fs::remove_file(&self.0);
        }
    }
}

/// Writes a MIDI file beside the takes.
///
/// # Errors
/// Those of the file system; then there is no file.
pub fn midi(place: &Place, bytes: &[u8]) -> io::Result<Saved> {
    let (_, claim) = claim(place, "mid")?;
    std::fs::write(&claim.0, bytes).inspect_err(|_| {
        let _ = std::fs::remove_file(&claim.0);
    })?;
    Ok(Saved { files: vec![claim.0.clone()], ..Saved::default() })
}

/// The first number that is free.
fn claim(place: &Place, end: &str) -> io::Result<(String, Claim)> {
    let name = names::safe(&place.name);
    for number in 1u32.. {
        let base = format!("{name} take {number}");
        let path = place.folder.join(format!("{base}.{end}"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(_) => return Ok((base, Claim(path))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn silence(writer: &mut Writer, mut frames: u64) -> io::Result<()> {
    while frames > 0 {
        let here = frames.min(SILENCE.len() as u64) as usize;
        writer.write([&SILENCE[..here]; 2], 1.0)?;
        frames -= here as u64;
    }
    Ok(())
}
