//! Pure signal code, one idea a file: numbers in, numbers out. Any thread; no host, no YAML, and after construction no allocation.

pub mod additive;
pub mod drum;
pub mod dynamics;
pub mod edge;
pub mod halfband;
pub mod lane;
pub mod line;
pub mod lookahead;
pub mod math;
pub mod noise;
pub mod phase;
pub mod ramp;
pub mod reverb;
pub mod shape;
pub mod sinc;
#[cfg(test)]
pub mod spectrum;
pub mod time;
pub mod true_peak;
