//! Angles by layer, written as text: `0, 60, 120`, `+15`, `0*5, 90*5`.

/// An angle for each layer, over and over again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AngleTemplate {
    layers: Vec<Turn>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Turn {
    /// To this angle in degrees.
    To(f64),
    /// By so many degrees against the layer below.
    By(f64),
}

/// One entry may stand for so many layers.
const MOST_LAYERS: usize = 10_000;

impl AngleTemplate {
    /// Reads a template; brackets around it do not matter. Fails with a sentence on the entry that is no angle.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut layers = Vec::new();
        let text = text.trim().trim_start_matches('[').trim_end_matches(']').trim();
        for entry in text.split(',').map(str::trim).filter(|_| !text.is_empty()) {
            let wrong = || format!("`{entry}` is no angle: write degrees separated by commas, such as 0, 60, 120");
            let (angle, count) = match entry.split_once('*') {
                Some((angle, count)) => (angle.trim(), count.trim().parse().map_err(|_| wrong())?),
                None => (entry, 1),
            };
            let degrees: f64 = angle.parse().map_err(|_| wrong())?;
            if !degrees.is_finite() || !(1..=MOST_LAYERS).contains(&count) {
                return Err(wrong());
            }
            let turn = if angle.starts_with('+') { Turn::By(degrees) } else { Turn::To(degrees) };
            layers.extend(std::iter::repeat_n(turn, count));
        }
        Ok(Self { layers })
    }

    /// The angle of a layer in radians; the first layer has `first_rad` where the template begins with a turn. `None` where
    /// the template is empty.
    pub fn angle_rad(&self, layer: usize, first_rad: f64) -> Option<f64> {
        let count = self.layers.len();
        if count == 0 {
            return None;
        }
        let turn = |layer: usize| self.layers[layer % count];
        let mut degrees = 0.0;
        // Back to the last entry that says an angle, at most once through the template.
        for back in (layer.saturating_sub(count - 1)..=layer).rev() {
            match turn(back) {
                Turn::To(angle) => return Some((degrees + angle).to_radians()),
                Turn::By(_) if back == 0 => return Some(first_rad + degrees.to_radians()),
                Turn::By(angle) => degrees += angle,
            }
        }
        // Turns only.
        let by = |turn: &Turn| match turn {
            Turn::By(angle) | Turn::To(angle) => *angle,
        };
        let whole: f64 = self.layers.iter().map(by).sum();
        let rest: f64 = self.layers[..=layer % count].iter().map(by).sum();
        let turned = whole * (layer / count) as f64 + rest - by(&self.layers[0]);
        Some(first_rad + turned.to_radians())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_has_its_angle() {
        let check = |text: &str, expected: &[f64]| {
            let template = AngleTemplate::parse(text).unwrap();
            for (layer, degrees) in expected.iter().enumerate() {
                let angle = template.angle_rad(layer, 1.0_f64.to_radians()).unwrap().to_degrees();
                assert!((angle - degrees).abs() < 1e-9, "layer {layer} of {text}: {angle} for {degrees}");
            }
        };
        check("0, 60, 120", &[0.0, 60.0, 120.0, 0.0, 60.0]);
        check("[45,-45]", &[45.0, -45.0, 45.0]);
        check("0*2, 90*3", &[0.0, 0.0, 90.0, 90.0, 90.0, 0.0, 0.0, 90.0]);
        check("+15", &[1.0, 16.0, 31.0, 46.0]);
        check("+10, +20", &[1.0, 21.0, 31.0, 51.0, 61.0]);
        check("+10, 90, +5*2", &[1.0, 90.0, 95.0, 100.0, 110.0, 90.0, 95.0]);
        assert_eq!(AngleTemplate::parse(" ").unwrap().angle_rad(3, 1.0), None);
        for text in ["1,", "x", "1 2", "5*0", "5*x", "inf", "1e99*99999"] {
            assert!(AngleTemplate::parse(text).is_err(), "{text}");
        }
    }
}
