//! The colours of pictures: defined once, used by the viewport, the legend, `fabbro preview` and thumbnails.
//!
//! Feature colours are stable for ever, because people learn them. They were chosen so that every pair stays apart for
//! normal, red-blind and green-blind sight, and so that features that lie side by side differ in lightness: the tests
//! hold them to it. Values run through viridis, the perceptual map of matplotlib. All colours are sRGB.

use crate::toolpath::Role;

/// An sRGB colour with straight alpha.
pub type Rgba = [u8; 4];

/// An opaque colour from `0xRRGGBB`.
pub const fn rgb(hex: u32) -> Rgba {
    [(hex >> 16) as u8, (hex >> 8) as u8, hex as u8, 255]
}

/// The same colour with another alpha (0 to 255).
pub const fn with_alpha(color: Rgba, alpha: u8) -> Rgba {
    [color[0], color[1], color[2], alpha]
}

/// The colour of a feature.
pub const fn role_color(role: Role) -> Rgba {
    rgb(match role {
        Role::ExternalPerimeter => 0xf59a23,
        Role::Perimeter => 0xfdf27a,
        Role::OverhangPerimeter => 0x2330b0,
        Role::GapFill => 0xffffff,
        Role::InternalInfill => 0x9c2a33,
        Role::SolidInfill => 0x6f57dc,
        Role::TopSolidInfill => 0xee5470,
        Role::Ironing => 0xdd9fb8,
        Role::BridgeInfill => 0x8f94f5,
        Role::Skirt => 0x1f6fa5,
        Role::Brim => 0x86dfe4,
        Role::SupportMaterial => 0x24913a,
        Role::SupportMaterialInterface => 0xb5dd45,
        Role::Custom => 0x7480a3,
    })
}

/// What a person calls a feature.
pub const fn role_label(role: Role) -> &'static str {
    match role {
        Role::ExternalPerimeter => "Outer wall",
        Role::Perimeter => "Inner wall",
        Role::OverhangPerimeter => "Overhang wall",
        Role::GapFill => "Gap fill",
        Role::InternalInfill => "Sparse infill",
        Role::SolidInfill => "Solid infill",
        Role::TopSolidInfill => "Top surface",
        Role::Ironing => "Ironing",
        Role::BridgeInfill => "Bridge",
        Role::Skirt => "Skirt",
        Role::Brim => "Brim",
        Role::SupportMaterial => "Support",
        Role::SupportMaterialInterface => "Support interface",
        Role::Custom => "Other",
    }
}

/// Colours of the tools 0, 1, 2, …; they repeat after eight.
pub const fn tool_color(tool: u8) -> Rgba {
    const COLORS: [u32; 8] = [0xf59a23, 0x6f57dc, 0x86dfe4, 0xee5470, 0x24913a, 0xfdf27a, 0x2330b0, 0xdd9fb8];
    rgb(COLORS[(tool % 8) as usize])
}

/// Eleven stops of viridis, evenly spaced.
const VIRIDIS: [u32; 11] =
    [0x440154, 0x482475, 0x414487, 0x355f8d, 0x2a788e, 0x21918c, 0x22a884, 0x44bf70, 0x7ad151, 0xbddf26, 0xfde725];

/// The colour of a value between 0 and 1; anything else is taken as the nearer end, what is not a number as 0.
pub fn viridis(value: f32) -> Rgba {
    let place = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) } * (VIRIDIS.len() - 1) as f32;
    let below = (place as usize).min(VIRIDIS.len() - 2);
    let (a, b) = (rgb(VIRIDIS[below]), rgb(VIRIDIS[below + 1]));
    let part = place - below as f32;
    std::array::from_fn(|i| (f32::from(a[i]) * (1.0 - part) + f32::from(b[i]) * part).round() as u8)
}

/// Colours of everything in the picture that is not the work itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// The gradient behind everything, its upper and lower end.
    pub background_top: Rgba,
    pub background_bottom: Rgba,
    /// The build plate's surface; its alpha lets what is below shine through a little.
    pub plate: Rgba,
    pub plate_edge: Rgba,
    /// Grid lines of 10 mm and of 50 mm.
    pub grid: Rgba,
    pub grid_strong: Rgba,
    /// Axes and gizmo handles of x, y and z.
    pub axes: [Rgba; 3],
    /// A model that has no colour of its own.
    pub model: Rgba,
    /// The outline of what is selected, and of what the cursor is over.
    pub selection: Rgba,
    pub hover: Rgba,
    /// Hatching of what lies outside of the build volume, and of excluded areas.
    pub danger: Rgba,
    /// Undersides steeper than the overhang angle, when they are shown.
    pub overhang: Rgba,
    pub travel: Rgba,
    pub retraction: Rgba,
    pub unretraction: Rgba,
    pub seam: Rgba,
    pub nozzle: Rgba,
    /// What layers below the shown one fade towards.
    pub dimmed: Rgba,
}

impl Theme {
    pub const DARK: Self = Self {
        background_top: rgb(0x363b44),
        background_bottom: rgb(0x1c1f24),
        plate: with_alpha(rgb(0x2b2f36), 225),
        plate_edge: rgb(0x8b95a3),
        grid: with_alpha(rgb(0xaab4c2), 30),
        grid_strong: with_alpha(rgb(0xaab4c2), 74),
        axes: [rgb(0xe5534b), rgb(0x57ab5a), rgb(0x4f8ff7)],
        model: rgb(0xb9c2cc),
        selection: rgb(0x4da3ff),
        hover: with_alpha(rgb(0x4da3ff), 130),
        danger: rgb(0xe5484d),
        overhang: rgb(0xd97706),
        travel: with_alpha(rgb(0x6cc5e8), 190),
        retraction: rgb(0xff7ab6),
        unretraction: rgb(0x7ee2b8),
        seam: rgb(0xffffff),
        nozzle: rgb(0xd9b25f),
        dimmed: rgb(0x22262c),
    };

    pub const LIGHT: Self = Self {
        background_top: rgb(0xf6f8fa),
        background_bottom: rgb(0xd3dae2),
        plate: with_alpha(rgb(0xe9edf1), 232),
        plate_edge: rgb(0x6d7784),
        grid: with_alpha(rgb(0x3c4754), 30),
        grid_strong: with_alpha(rgb(0x3c4754), 76),
        axes: [rgb(0xcf3b34), rgb(0x2f8f3a), rgb(0x2468d6)],
        model: rgb(0x9aa7b4),
        selection: rgb(0x0a66d0),
        hover: with_alpha(rgb(0x0a66d0), 130),
        danger: rgb(0xc9252d),
        overhang: rgb(0xb45309),
        travel: with_alpha(rgb(0x14789e), 190),
        retraction: rgb(0xb8257a),
        unretraction: rgb(0x0f7f55),
        seam: rgb(0x20252b),
        nozzle: rgb(0xb88a2e),
        dimmed: rgb(0xdfe4e9),
    };
}

/// An sRGB colour as floats between 0 and 1, as shaders take it.
pub(super) fn floats(color: Rgba) -> [f32; 4] {
    color.map(|c| f32::from(c) / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OKLab (Ottosson 2020) of a colour as seen through a matrix on linear light: lightness, then two opponents.
    fn oklab(color: Rgba, seen: &[[f64; 3]; 3]) -> [f64; 3] {
        let linear = [0, 1, 2].map(|i| {
            let c = f64::from(color[i]) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        let mixed = |row: &[f64; 3]| row.iter().zip(linear).map(|(a, b)| a * b).sum::<f64>().max(0.0);
        let [r, g, b] = [mixed(&seen[0]), mixed(&seen[1]), mixed(&seen[2])];
        let l = (0.412_221_47 * r + 0.536_332_54 * g + 0.051_445_99 * b).cbrt();
        let m = (0.211_903_5 * r + 0.680_699_55 * g + 0.107_396_96 * b).cbrt();
        let s = (0.088_302_46 * r + 0.281_718_84 * g + 0.629_978_7 * b).cbrt();
        [
            0.210_454_26 * l + 0.793_617_78 * m - 0.004_072_05 * s,
            1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_71 * s,
            0.025_904_04 * l + 0.782_771_77 * m - 0.808_675_77 * s,
        ]
    }

    /// Normal sight, red-blind and green-blind sight (Machado, Oliveira and Fernandes 2009, severity 1).
    const SIGHTS: [[[f64; 3]; 3]; 3] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_82, 0.042_94, 0.968_881]],
    ];

    #[test]
    fn every_two_features_differ_for_every_sight() {
        for sight in &SIGHTS {
            for (i, &a) in Role::ALL.iter().enumerate() {
                for &b in &Role::ALL[..i] {
                    let (x, y) = (oklab(role_color(a), sight), oklab(role_color(b), sight));
                    let apart = x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
                    assert!(apart > 0.06, "{a:?} and {b:?} are {apart:.3} apart");
                }
            }
        }
    }

    #[test]
    fn features_side_by_side_differ_in_lightness() {
        let lightness = |role| oklab(role_color(role), &SIGHTS[0])[0];
        for (a, b) in [
            (Role::ExternalPerimeter, Role::Perimeter),
            (Role::Perimeter, Role::InternalInfill),
            (Role::Perimeter, Role::SolidInfill),
            (Role::Perimeter, Role::TopSolidInfill),
            (Role::ExternalPerimeter, Role::OverhangPerimeter),
            (Role::ExternalPerimeter, Role::TopSolidInfill),
            (Role::InternalInfill, Role::SolidInfill),
            (Role::SolidInfill, Role::TopSolidInfill),
            (Role::SupportMaterial, Role::SupportMaterialInterface),
            (Role::Skirt, Role::Brim),
        ] {
            assert!((lightness(a) - lightness(b)).abs() > 0.08, "{a:?} {} {b:?} {}", lightness(a), lightness(b));
        }
    }

    #[test]
    fn viridis_gets_lighter_all_the_way_and_survives_any_number() {
        let lightness: Vec<f64> = (0..=100).map(|i| oklab(viridis(i as f32 / 100.0), &SIGHTS[0])[0]).collect();
        assert!(lightness.windows(2).all(|w| w[1] > w[0]));
        assert_eq!(viridis(f32::NAN), viridis(0.0));
        assert_eq!(viridis(f32::INFINITY), viridis(1.0));
        assert_eq!(viridis(-3.0), rgb(0x440154));
    }
}
