//! Interpolated lists: straight lines through a list of values, stretched over a duration, then the last value held. Values and
//! positions may be signals, which are read once, at a lane's first frame. The loader builds it, the audio thread runs it.

use super::pass::{Kernel, Pass, Start};

/// A number of a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CurvePart {
    Number(f64),
    /// Read from this input port at the lane's first frame.
    Port(usize),
}

/// One point of the list. A position is a fraction of the duration, 0..1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    pub value: CurvePart,
    pub position: Option<CurvePart>,
}

/// A straight line from frame `begin` on: `from` there, `to` after `span` frames.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    begin: f64,
    span: f64,
    from: f64,
    to: f64,
}

impl Line {
    fn at(&self, frame: f64) -> f64 {
        if self.span <= 0.0 {
            return self.from;
        }
        self.from + (self.to - self.from) * ((frame - self.begin) / self.span).min(1.0)
    }
}

#[derive(Clone, Copy, Default)]
struct LaneState {
    /// The line that the last frame was on.
    line: usize,
    started: bool,
}

pub struct CurveKernel {
    points: Vec<CurvePoint>,
    /// Frames of the whole curve.
    frames: u64,
    /// Points between the first and the last have no positions: all are equally far apart.
    even: bool,
    /// `lines_per_lane` for each lane.
    lines: Vec<Line>,
    lines_per_lane: usize,
    lanes: Vec<LaneState>,
}

impl CurveKernel {
    /// A curve over `frames` frames (whole frames of the duration), with state for `lanes` voices.
    ///
    /// With positions, or with one or two points, a line runs from frame ⌊p·frames⌋ to the frame before the next point's and
    /// has both points' values at its ends; the first value also holds before, the last after. Else point k of m is at frame
    /// k / (m - 1) · (frames - 1). Positions out of order count as that of the point before.
    pub fn new(points: Vec<CurvePoint>, frames: u64, lanes: usize) -> CurveKernel {
        let even = points.len() > 2 && points[1..points.len() - 1].iter().all(|p| p.position.is_none());
        // A line before the first point and one after the last are possible.
        let lines_per_lane = points.len() + 1;
        CurveKernel {
            frames,
            even,
            lines: vec![Line::default(); lines_per_lane * lanes],
            lines_per_lane,
            lanes: vec![LaneState::default(); lanes],
            points,
        }
    }

    /// Reads the points of lane `k` of the pass.
    fn read(&mut self, pass: &Pass, k: usize) {
        let get = |part: CurvePart| match part {
            CurvePart::Number(x) => x,
            CurvePart::Port(port) => f64::from(pass.raw(port, 0).0[k]),
        };
        let lane = pass.lane + k;
        self.lanes[lane] = LaneState { line: 0, started: true };
        let lines = &mut self.lines[lane * self.lines_per_lane..][..self.lines_per_lane];
        let count = self.points.len();
        let mut before = Line::default();
        for (index, point) in self.points.iter().enumerate() {
            let value = get(point.value);
            let begin = if self.even {
                index as f64 / (count - 1) as f64 * self.frames.saturating_sub(1) as f64
            } else {
                let position = match point.position {
                    Some(position) => get(position),
                    None if index == 0 => 0.0,
                    None => 1.0,
                };
                (position.clamp(0.0, 1.0) * self.frames as f64 + 1e-9).floor().max(before.begin)
            };
            if index == 0 {
                before.from = value;
            }
            lines[index] = Line { to: value, span: begin - before.begin - f64::from(!self.even), ..before };
            before = Line { begin, span: 0.0, from: value, to: value };
        }
        // A line that is left for one frame only, or none, has the value of its beginning.
        lines[count] = before;
    }

    fn lines(&self, lane: usize) -> &[Line] {
        &self.lines[lane * self.lines_per_lane..][..self.lines_per_lane]
    }
}

impl Kernel for CurveKernel {
    fn render(&mut self, pass: &mut Pass) {
        let width = pass.width();
        let last = self.frames.saturating_sub(1);
        let mut over = true;
        for k in 0..width {
            let lane = pass.lane + k;
            if !self.lanes[lane].started {
                self.read(pass, k);
            }
            over &= pass.ages[lane] >= last || self.points.len() < 2;
        }
        let frames = if over { 1 } else { pass.frames };
        for k in 0..width {
            let lane = pass.lane + k;
            let lines = self.lines(lane);
            let mut line = self.lanes[lane].line;
            for (n, out) in
                pass.outputs[0].floats_mut()[k..].iter_mut().step_by(width).take(frames).enumerate()
            {
                let frame = pass.ages[lane].wrapping_add(n as u64).min(last) as f64;
                while lines.get(line + 1).is_some_and(|next| next.begin <= frame) {
                    line += 1;
                }
                *out = lines[line].at(frame) as f32;
            }
            self.lanes[lane].line = line;
        }
        pass.outputs[0].flat = over;
    }

    fn start(&mut self, lane: usize, _start: Start) {
        self.lanes[lane] = LaneState::default();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::kernel::Build;
    use crate::kernel::probe::Probe;
    use crate::nodes::{NodeDef, Runs};
    use crate::spec::{Channels, Ends, Extra, NodeSpec, ParamSpec};

    thread_local!(static CURVE: RefCell<(Vec<CurvePoint>, u64)> = RefCell::default());

    fn make(build: &Build) -> Result<Box<dyn Kernel>, String> {
        let (points, frames) = CURVE.with_borrow(Clone::clone);
        Ok(Box::new(CurveKernel::new(points, frames, build.lanes)))
    }

    static BENCH: NodeDef = NodeDef {
        spec: NodeSpec {
            name: "curve",
            help: "",
            params: &[ParamSpec::signal("a", ""), ParamSpec::signal("b", "")],
            extra: Extra::Refused,
            channels: Channels::Mono,
            ends: Ends::Never,
            example: "",
        },
        runs: Runs::Kernel(make),
    };

    fn plain(value: f64) -> CurvePoint {
        CurvePoint { value: CurvePart::Number(value), position: None }
    }

    fn placed(value: f64, position: f64) -> CurvePoint {
        CurvePoint { position: Some(CurvePart::Number(position)), ..plain(value) }
    }

    fn bench(points: &[CurvePoint], frames: u64) -> Probe {
        CURVE.set((points.to_vec(), frames));
        Probe::new(&BENCH)
            .lanes_of("a", |lane| lane as f32 + 2.0)
            .signal("b", |_, n| if n == 0 { 0.5 } else { 9.0 })
    }

    fn curve(points: &[CurvePoint], frames: u64, rendered: usize) -> Vec<f32> {
        bench(points, frames).laws(rendered).mono().to_vec()
    }

    #[test]
    fn curve_of_plain_values_is_evenly_spread() {
        assert_eq!(
            curve(&[plain(0.0), plain(1.0), plain(0.0)], 5, 8),
            [0.0, 0.5, 1.0, 0.5, 0.0, 0.0, 0.0, 0.0]
        );
        let long = curve(&[plain(0.0), plain(2.0), plain(-1.0), plain(1.0)], 1000, 1100);
        assert!((long[333] - 2.0).abs() < 1e-5 && (long[999] - 1.0).abs() < 1e-6 && long[1099] == 1.0);
    }

    #[test]
    fn curve_lines_have_both_values_at_their_ends() {
        assert_eq!(curve(&[plain(0.0), plain(1.0)], 5, 7), [0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0]);
        let points = [plain(0.0), placed(1.0, 0.5), plain(0.0)];
        assert_eq!(curve(&points, 6, 7), [0.0, 0.5, 1.0, 1.0, 0.5, 0.0, 0.0]);
        let points = [placed(3.0, 0.25), placed(1.0, 0.5), placed(2.0, 0.75)];
        assert_eq!(curve(&points, 8, 9), [3.0, 3.0, 3.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0]);
    }

    #[test]
    fn curve_of_one_value_or_no_time_is_flat() {
        assert_eq!(bench(&[plain(4.0)], 1000).render(640).flat, 10);
        assert_eq!(curve(&[plain(4.0)], 1000, 3), [4.0; 3]);
        assert_eq!(curve(&[plain(4.0), plain(5.0)], 0, 3), [5.0; 3]);
        assert_eq!(curve(&[], 10, 3), [0.0; 3]);
        assert_eq!(bench(&[plain(0.0), plain(1.0)], 128).render(640).flat, 8);
    }

    #[test]
    fn curve_reads_signals_at_the_first_frame_only() {
        let points = [
            CurvePoint { value: CurvePart::Port(0), position: None },
            CurvePoint { value: CurvePart::Number(0.0), position: Some(CurvePart::Port(1)) },
            plain(1.0),
        ];
        let out = curve(&points, 8, 10);
        assert_eq!((out[0], out[3], out[4], out[7], out[9]), (2.0, 0.0, 0.0, 1.0, 1.0));
    }

    #[test]
    fn curve_positions_out_of_order_do_no_harm() {
        let out = curve(
            &[plain(0.0), placed(1.0, 0.75), placed(2.0, 0.25), placed(2.5, f64::NAN), plain(3.0)],
            8,
            9,
        );
        assert_eq!((out[0], out[5]), (0.0, 1.0));
        assert_eq!(out[8], 3.0);
    }
}
