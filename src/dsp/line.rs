//! Delay lines: memory of the last frames of one signal, addressed by the age of the frame. Before age 0 there is silence, whatever
//! the memory holds, so a line is made new without being cleared. Audio thread, after construction.

/// A ring of frames.
pub struct Line {
    memory: Vec<f32>,
    mask: usize,
}

impl Line {
    /// A line that remembers at least `frames` frames.
    pub fn new(frames: usize) -> Line {
        let size = frames.max(1).next_power_of_two();
        Line { memory: vec![0.0; size], mask: size - 1 }
    }

    /// How many bytes such a line takes.
    pub fn bytes(frames: usize) -> usize {
        4 * frames.max(1).next_power_of_two()
    }

    /// Takes over what another line of the same length remembers.
    pub fn take(&mut self, old: &Line) {
        if self.memory.len() == old.memory.len() {
            self.memory.copy_from_slice(&old.memory);
        }
    }

    #[inline(always)]
    pub fn write(&mut self, age: i64, x: f32) {
        self.memory[age as usize & self.mask] = x;
    }

    /// The frame of this age; silence before the first.
    #[inline(always)]
    pub fn read(&self, age: i64) -> f32 {
        let x = self.memory[age as usize & self.mask];
        if age < 0 { 0.0 } else { x }
    }

    /// The signal `fraction` (0..1) before the frame of this age, on a straight line.
    #[inline(always)]
    pub fn linear(&self, age: i64, fraction: f32) -> f32 {
        self.read(age) * (1.0 - fraction) + self.read(age - 1) * fraction
    }

    /// The signal `fraction` (0..1) after the frame of this age, on a cubic through four points.
    #[inline(always)]
    pub fn cubic(&self, age: i64, fraction: f32) -> f32 {
        hermite([self.read(age - 1), self.read(age), self.read(age + 1), self.read(age + 2)], fraction)
    }
}

/// The cubic through `y[1]` (at 0) and `y[2]` (at 1) with the slopes of their neighbours (Catmull and Rom).
#[inline(always)]
pub fn hermite(y: [f32; 4], x: f32) -> f32 {
    let c1 = 0.5 * (y[2] - y[0]);
    let c2 = y[0] - 2.5 * y[1] + 2.0 * y[2] - 0.5 * y[3];
    let c3 = 0.5 * (y[3] - y[0]) + 1.5 * (y[1] - y[2]);
    ((c3 * x + c2) * x + c1) * x + y[1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_remembers_and_is_silent_before_its_start() {
        let mut line = Line::new(10);
        (0..40).for_each(|n| line.write(n, n as f32));
        assert_eq!((line.read(35), line.linear(35, 0.25), line.cubic(35, 0.5)), (35.0, 34.75, 35.5));
        line.write(0, 5.0);
        assert_eq!((line.read(0), line.read(-1), line.linear(0, 0.5)), (5.0, 0.0, 2.5));
    }
}
