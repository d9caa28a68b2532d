//! Names that people bring along from Python and NumPy and that mean nothing for signals: why, and what does the same here. A plain
//! table for messages; any thread.

/// Why a whole group of names is not available.
const BLOCKS: &str = "it makes or reorders a block of frames, and here every frame is calculated by itself";
const RANDOM: &str = "random numbers come from `rand`";
const CALLS: &str = "Python's own functions are not available";
const SPELLING: &str = "it has another name here";

/// Names, why they are refused, and the nearest form that works.
const TABLE: &[(&[&str], &str, &str)] = &[
    (&["linspace", "interp"], BLOCKS, "write a list of points, `[0, 1]`, or use a `map` node"),
    (&["arange"], BLOCKS, "write `samples` for the number of the frame, or a list of points, `[0, 1]`"),
    (&["zeros", "zeros_like"], BLOCKS, "write `0`: a number stands for every frame"),
    (&["ones", "ones_like"], BLOCKS, "write `1`: a number stands for every frame"),
    (&["full", "full_like"], BLOCKS, "write the number itself: it stands for every frame"),
    (
        &["array", "asarray", "concatenate", "stack", "column_stack", "tile", "repeat"],
        BLOCKS,
        "use an `automation` or `mix` node",
    ),
    (&["cumsum", "cumprod", "trapz"], BLOCKS, "read a node's own output by its id: `$sum + x`"),
    (&["diff", "gradient", "ediff1d"], BLOCKS, "subtract a `delay` of the signal"),
    (&["roll", "shift"], BLOCKS, "use a `delay` node"),
    (&["flip", "flipud", "fliplr"], BLOCKS, "play a `sample` with a negative `speed`"),
    (&["sort", "argsort", "unique", "argmax", "argmin", "nonzero"], BLOCKS, "use a `snap` or `follow` node"),
    (&["fft", "rfft", "ifft", "convolve", "correlate"], BLOCKS, "use a `filter`, `delay` or `reverb` node"),
    (&["random", "uniform", "rand_like"], RANDOM, "write `rand()`, `rand(high)` or `rand(low, high)`"),
    (&["choice", "randint", "randrange"], RANDOM, "write `rand([1, 2, 3])`, or `floor(rand(6))`"),
    (&["normal", "randn", "gauss"], RANDOM, "use an `osc` of type `noise`, which is Gaussian"),
    (&["maximum", "fmax"], SPELLING, "write `max(a, b)`"),
    (&["minimum", "fmin"], SPELLING, "write `min(a, b)`"),
    (&["power", "float_power"], SPELLING, "write `a ** b`, or `pow(a, b)`, which keeps the sign of a"),
    (&["mod", "fmod", "remainder"], SPELLING, "write `a % b`"),
    (&["absolute", "fabs"], SPELLING, "write `abs(x)`"),
    (&["square"], SPELLING, "write `x * x`"),
    (&["rint", "around"], SPELLING, "write `round(x)`"),
    (&["trunc", "fix", "int"], SPELLING, "write `floor(x)`, or `sign(x) * floor(abs(x))`"),
    (&["ln"], SPELLING, "write `log(x)`"),
    (&["deg2rad", "radians"], SPELLING, "write `x * pi / 180`, or a value with a unit: `90 deg`"),
    (&["average", "median"], SPELLING, "write `mean([a, b, c])`; for a signal use a `smooth` node"),
    (&["var"], SPELLING, "write `std(…) ** 2`"),
    (&["logical_and", "bitwise_and", "all"], SPELLING, "write `a and b`"),
    (&["logical_or", "bitwise_or", "any"], SPELLING, "write `a or b`"),
    (&["logical_not", "invert"], SPELLING, "write `not a`"),
    (&["select", "piecewise"], SPELLING, "write `a if condition else b`, or use a `select` node"),
    (&["float", "double", "float32", "float64", "bool"], CALLS, "leave it out: every value is a number"),
    (
        &["len", "range", "enumerate", "zip", "map", "list", "tuple"],
        CALLS,
        "use a `multiply` node for copies",
    ),
    (&["print", "str", "open", "eval", "exec", "getattr", "input"], CALLS, "an expression is only a formula"),
];

/// Attributes and methods of arrays: the form that does the same.
const METHODS: &[(&[&str], &str)] = &[
    (&["mean", "sum", "std", "cumsum", "var"], "use a `smooth` or `follow` node for a running average"),
    (&["max", "min"], "use a `follow` node for the level of a signal"),
    (&["clip"], "write `clip(x, low, high)`"),
    (&["round"], "write `round(x)`"),
    (&["astype", "copy", "flatten", "ravel", "squeeze", "real"], "leave it out"),
    (&["T", "shape", "size", "ndim", "dtype"], "a signal has one value for each frame: leave it out"),
];

/// Why a function from elsewhere is refused, and what to write instead.
pub(super) fn function(name: &str) -> Option<(&'static str, &'static str)> {
    TABLE.iter().find(|(names, ..)| names.contains(&name)).map(|(_, why, instead)| (*why, *instead))
}

/// What to write instead of an attribute or method.
pub(super) fn method(name: &str) -> Option<&'static str> {
    METHODS.iter().find(|(names, _)| names.contains(&name)).map(|(_, instead)| *instead)
}
