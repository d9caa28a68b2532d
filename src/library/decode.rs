//! Bytes of a sound file to audio. Decoders of damaged files may panic, which is contained here; sizes are bounded. Loader thread.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, Track, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

use super::samples::Fault;
use crate::kernel::Audio;
use crate::language::limits::{SAMPLE_CHANNELS, SAMPLE_VALUES};

/// Decodes a whole file, unless `stop` says that nobody wants it any more. `extension` helps to tell formats apart.
pub fn decode(bytes: Vec<u8>, extension: &str, stop: &dyn Fn() -> bool) -> Result<Audio, Fault> {
    if bytes.is_empty() {
        return Err(Fault::Damaged("it is empty".into()));
    }
    catch_unwind(AssertUnwindSafe(|| decode_unguarded(bytes, extension, stop)))
        .unwrap_or_else(|_| Err(Fault::Damaged("its header makes no sense".into())))
}

fn decode_unguarded(bytes: Vec<u8>, extension: &str, stop: &dyn Fn() -> bool) -> Result<Audio, Fault> {
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
    let mut hint = Hint::new();
    hint.with_extension(extension);
    let mut format = symphonia::default::get_probe()
        .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|why| match why {
            Error::Unsupported(_) => Fault::Unsupported("its format is not known".into()),
            why => fault(why),
        })?;
    let track = format.default_track(TrackType::Audio).ok_or(Fault::NoAudio)?.clone();
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio()).ok_or(Fault::NoAudio)?;
    if parameters.channels.as_ref().is_some_and(|c| c.count() == 0) {
        return Err(Fault::NoAudio);
    }
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(fault)?;

    let mut audio = Audio { rate: f64::from(parameters.sample_rate.unwrap_or(0)), channels: Vec::new() };
    let mut planes: Vec<Vec<f32>> = Vec::new();
    loop {
        if stop() {
            return Err(Fault::GivenUp);
        }
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            // The end of a file that promised more: found out below.
            Err(Error::IoError(why)) if why.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(why) => return Err(fault(why)),
        };
        if packet.track_id != track.id {
            continue;
        }
        let decoded = decoder.decode(&packet).map_err(fault)?;
        audio.rate = f64::from(decoded.spec().rate());
        decoded.copy_to_vecs_planar(&mut planes);
        append(&mut audio.channels, &planes)?;
    }
    if audio.frames() == 0 {
        return Err(if expected(&track) > 0 { Fault::Truncated } else { Fault::NoAudio });
    }
    if audio.rate < 1.0 {
        return Err(Fault::Damaged("its sample rate is 0".into()));
    }
    if (audio.frames() as u64) < expected(&track) {
        return Err(Fault::Truncated);
    }
    Ok(audio)
}

/// Frames that the file promises, as far as the promise is exact: lossy formats round to their blocks.
fn expected(track: &Track) -> u64 {
    let promised = track.num_frames.unwrap_or(0);
    if track.delay.is_some() || track.padding.is_some() { promised.saturating_sub(4608) } else { promised }
}

/// Adds a packet's frames. What is not a finite number (in damaged files of floats) becomes silence.
fn append(channels: &mut Vec<Vec<f32>>, planes: &[Vec<f32>]) -> Result<(), Fault> {
    if planes.len() > SAMPLE_CHANNELS {
        return Err(Fault::TooLarge(format!(
            "it has {} channels; at most {SAMPLE_CHANNELS} are possible",
            planes.len()
        )));
    }
    if channels.is_empty() {
        channels.resize(planes.len(), Vec::new());
    }
    if channels.len() != planes.len() {
        return Err(Fault::Damaged("its number of channels changes".into()));
    }
    let values: usize = channels.iter().chain(planes).map(Vec::len).sum();
    if values > SAMPLE_VALUES {
        return Err(Fault::TooLarge(format!(
            "it would take more than {} MB of memory",
            (SAMPLE_VALUES * 4) >> 20
        )));
    }
    for (channel, plane) in channels.iter_mut().zip(planes) {
        channel.extend(plane.iter().map(|x| if x.is_finite() { *x } else { 0.0 }));
    }
    Ok(())
}

fn fault(why: Error) -> Fault {
    match why {
        Error::Unsupported(what) => Fault::Unsupported(what.into()),
        Error::IoError(why) if why.kind() == std::io::ErrorKind::UnexpectedEof => Fault::Truncated,
        Error::IoError(why) => Fault::Damaged(why.to_string()),
        Error::DecodeError(what) | Error::LimitError(what) => Fault::Damaged(what.into()),
        other => Fault::Damaged(other.to_string()),
    }
}
