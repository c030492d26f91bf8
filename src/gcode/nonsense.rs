//! Bytes that are no sensible G-code, the same in every run: what readers and judges must bear.

/// What G-code is made of.
const WORDS: &[&str] = &[
    "G1",
    "G0",
    "G2",
    "G3",
    "G28",
    "G92",
    "G91",
    "G90",
    "M83",
    "M82",
    "M104 S200",
    "T1",
    "G20",
    "G10",
    "G11",
    " X",
    " Y",
    " Z",
    " E",
    " I",
    " J",
    " R",
    " F",
    "1",
    "-",
    ".5",
    "\n",
    "\n",
    "\n",
    ";LAYER_CHANGE\n",
    ";Z:1\n",
    "\u{0}",
    "\u{ff}",
    "(",
    "\"",
    "=",
    "\r\n",
];

/// Files of up to `longest` words each, by turns of [`WORDS`] and `more` in any order and of any bytes.
pub(crate) fn files(more: &[&str], longest: usize, count: usize) -> impl Iterator<Item = Vec<u8>> {
    let words: Vec<String> = WORDS.iter().chain(more).map(|word| (*word).to_owned()).collect();
    let mut state = 1u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    (0..count).map(move |i| {
        let length = random() % longest;
        if i % 2 == 0 {
            let text: String = (0..length).map(|_| words[random() % words.len()].as_str()).collect();
            text.into_bytes()
        } else {
            (0..length).map(|_| random() as u8).collect()
        }
    })
}
