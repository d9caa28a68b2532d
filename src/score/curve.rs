//! Curves through points: how an automated value goes from one point to the next. Every shape is a formula of the part of the way, 0 to
//! 1, in exactly rounded operations, so a value is the same wherever it is computed. The audio thread may ask for values.

/// How a curve goes to its next point. `u` is the part of the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// It stays, and jumps at the next point.
    Step,
    /// `u`
    Linear,
    /// Slowly, then fast: `(32^u - 1) / 31`.
    Exponential,
    /// Fast, then slowly: `1 - (32^(1 - u) - 1) / 31`.
    Logarithmic,
    /// Slowly, fast, slowly: `u² (3 - 2 u)`.
    Smooth,
    /// A cubic Bézier curve from (0, 0) to (1, 1) with two control points, x1 y1 x2 y2; 0 ≤ x ≤ 1.
    Bezier([f64; 4]),
}

impl Shape {
    /// How far the value has come at a part of the way, both 0..1 (a Bézier curve may leave that).
    pub fn at(self, u: f64) -> f64 {
        match self {
            Shape::Step => 0.0,
            Shape::Linear => u,
            Shape::Exponential => (power_of_32(u) - 1.0) / 31.0,
            Shape::Logarithmic => 1.0 - (power_of_32(1.0 - u) - 1.0) / 31.0,
            Shape::Smooth => u * u * (3.0 - 2.0 * u),
            Shape::Bezier([x1, y1, x2, y2]) => bezier(y1, y2, parameter(x1, x2, u)),
        }
    }
}

/// 32 to the power of `u`, 0 ≤ u ≤ 1, to about 1e-14: whole octaves exactly, the rest by the series of the exponential.
fn power_of_32(u: f64) -> f64 {
    let octaves = 5.0 * u;
    let whole = octaves.round();
    let x = (octaves - whole) * std::f64::consts::LN_2;
    let mut sum = 1.0;
    for n in (1..=13).rev() {
        sum = 1.0 + sum * x / f64::from(n);
    }
    sum * f64::from(1u32 << (whole.clamp(0.0, 31.0) as u32))
}

/// One coordinate of a cubic Bézier curve from 0 to 1.
fn bezier(a: f64, b: f64, t: f64) -> f64 {
    let s = 1.0 - t;
    3.0 * s * s * t * a + 3.0 * s * t * t * b + t * t * t
}

/// Where on the curve x is reached: x never goes back, so halving finds it to the last bit that matters.
fn parameter(x1: f64, x2: f64, x: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..44 {
        let middle = 0.5 * (low + high);
        if bezier(x1, x2, middle) < x { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// In beats.
    pub at: f64,
    pub value: f64,
    /// How it goes on from here.
    pub shape: Shape,
}

/// A curve: before its first point that one's value, behind its last point that one's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// In order of their places. Of several at one place the last one is reached by a jump.
    pub points: Vec<CurvePoint>,
}

impl Curve {
    /// The value at a place in beats.
    pub fn value(&self, at: f64) -> f64 {
        let next = self.points.partition_point(|point| point.at <= at);
        match (next.checked_sub(1).map(|last| self.points[last]), self.points.get(next)) {
            (None, None) => 0.0,
            (None, Some(first)) => first.value,
            (Some(last), None) => last.value,
            (Some(last), Some(next)) => {
                let way = (at - last.at) / (next.at - last.at);
                last.value + (next.value - last.value) * last.shape.at(way)
            }
        }
    }

    /// Whether nothing changes between two places, both included.
    pub fn rests(&self, from: f64, to: f64) -> bool {
        let next = self.points.partition_point(|point| point.at <= from);
        let still = match (next.checked_sub(1).map(|last| self.points[last]), self.points.get(next)) {
            (Some(last), Some(next)) => last.shape == Shape::Step || last.value == next.value,
            _ => true,
        };
        still && self.points.get(next).is_none_or(|point| point.at > to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curve_shapes_are_their_formulas() {
        for n in 0..=1000 {
            let u = f64::from(n) / 1000.0;
            let near = |shape: Shape, wanted: f64| {
                assert!((shape.at(u) - wanted).abs() < 1e-12, "{shape:?} at {u}: {}", shape.at(u));
            };
            near(Shape::Linear, u);
            near(Shape::Exponential, (32f64.powf(u) - 1.0) / 31.0);
            near(Shape::Logarithmic, 1.0 - (32f64.powf(1.0 - u) - 1.0) / 31.0);
            near(Shape::Smooth, 3.0 * u * u - 2.0 * u * u * u);
            near(Shape::Bezier([1.0 / 3.0, 1.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0]), u);
            // x = 3 s t² + t³ with both control points on the right or left edge is known in t.
            let [x, y] = [bezier(0.42, 0.58, u), bezier(0.0, 1.0, u)];
            assert!((Shape::Bezier([0.42, 0.0, 0.58, 1.0]).at(x) - y).abs() < 1e-10, "ease at {x}");
        }
    }

    #[test]
    fn curve_holds_at_its_ends_and_jumps_where_two_points_meet() {
        let point = |at, value, shape| CurvePoint { at, value, shape };
        let curve = Curve {
            points: vec![
                point(1.0, 2.0, Shape::Linear),
                point(3.0, 4.0, Shape::Step),
                point(3.0, 8.0, Shape::Step),
                point(5.0, 0.0, Shape::Smooth),
            ],
        };
        let values = [0.0, 1.0, 2.0, 2.999_999, 3.0, 4.999, 5.0, 9.0].map(|at| curve.value(at));
        assert!((values[3] - 4.0).abs() < 1e-5);
        assert_eq!(
            [values[0], values[1], values[2], values[4], values[5], values[6]],
            [2.0, 2.0, 3.0, 8.0, 8.0, 0.0]
        );
        assert_eq!(values[7], 0.0);
        assert!(
            curve.rests(3.0, 4.9)
                && !curve.rests(4.0, 5.0)
                && !curve.rests(1.0, 1.1)
                && curve.rests(6.0, 7.0)
        );
    }
}
