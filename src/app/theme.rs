//! The look of the studio: every colour, distance, size and font, for dark and light.
//!
//! Nothing is styled outside this file. Panels take numbers from [`space`] and [`size`], colours from [`tokens`]; the
//! rest follows from the style that [`install`] gives to egui. What is drawn with them is not known here.

use std::sync::Arc;

use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Frame, Margin, RichText, Shadow,
    Stroke, Style, TextStyle, Theme, Ui, Visuals, vec2,
};
use egui_material_icons::MaterialIcon;

/// The one spacing scale, in points.
pub mod space {
    pub const XS: f32 = 4.0;
    pub const S: f32 = 8.0;
    pub const M: f32 = 12.0;
    pub const L: f32 = 16.0;
}

/// Sizes that repeat, in points.
pub mod size {
    /// Height of a row, a field and a button.
    pub const ROW: f32 = 28.0;
    pub const TOP_BAR: f32 = 44.0;
    /// A top bar shorter than this has no room for names and repeats nothing of the menu.
    pub const SHORT_BAR: f32 = 1000.0;
    pub const STATUS_BAR: f32 = 28.0;
    pub const LEFT_PANEL: f32 = 280.0;
    pub const RIGHT_PANEL: f32 = 320.0;
    pub const RADIUS: u8 = 6;
    pub const ICON: f32 = 18.0;
    pub const SMALL: f32 = 12.0;
    pub const BODY: f32 = 13.0;
    pub const HEADING: f32 = 15.0;
    pub const TITLE: f32 = 20.0;
    /// Width of a number with its unit.
    pub const FIELD: f32 = 96.0;
}

/// The colours of one theme.
#[derive(Clone, Copy, Debug)]
pub struct Tokens {
    /// Panels.
    pub surface: Color32,
    /// What stands out from a panel: fields, chips, buttons.
    pub raised: Color32,
    /// The same under the pointer.
    pub hover: Color32,
    /// Boxes to tick, rails and knobs of sliders.
    pub knob: Color32,
    /// Top bar and status line.
    pub bar: Color32,
    pub separator: Color32,
    /// Around fields and buttons; drawn only where contrast is high.
    pub outline: Color32,
    pub text: Color32,
    /// Units, hints, what is disabled.
    pub weak: Color32,
    /// Primary action and selection, and nothing else.
    pub accent: Color32,
    pub on_accent: Color32,
    /// Background of what is selected.
    pub selected: Color32,
    /// Warnings only.
    pub warning: Color32,
    /// Danger and the emergency stop only, as a colour of text.
    pub danger: Color32,
    /// The same as a fill.
    pub danger_fill: Color32,
    pub shadow: Color32,
}

const DARK: Tokens = Tokens {
    surface: Color32::from_rgb(0x21, 0x24, 0x28),
    raised: Color32::from_rgb(0x2d, 0x31, 0x37),
    hover: Color32::from_rgb(0x3a, 0x3f, 0x47),
    knob: Color32::from_rgb(0x4d, 0x54, 0x5e),
    bar: Color32::from_rgb(0x19, 0x1b, 0x1f),
    separator: Color32::from_rgb(0x37, 0x3b, 0x42),
    outline: Color32::TRANSPARENT,
    text: Color32::from_rgb(0xee, 0xf0, 0xf2),
    weak: Color32::from_rgb(0xa9, 0xb0, 0xb9),
    accent: Color32::from_rgb(0x3d, 0x8b, 0xfd),
    on_accent: Color32::from_rgb(0x06, 0x12, 0x24),
    selected: Color32::from_rgb(0x24, 0x3f, 0x68),
    warning: Color32::from_rgb(0xf5, 0xb9, 0x42),
    danger: Color32::from_rgb(0xff, 0x8a, 0x80),
    danger_fill: Color32::from_rgb(0xb3, 0x1d, 0x1d),
    shadow: Color32::from_black_alpha(110),
};

const LIGHT: Tokens = Tokens {
    surface: Color32::from_rgb(0xfb, 0xfb, 0xfc),
    raised: Color32::from_rgb(0xe9, 0xec, 0xf0),
    hover: Color32::from_rgb(0xe0, 0xe4, 0xe9),
    knob: Color32::from_rgb(0xcb, 0xd1, 0xd9),
    bar: Color32::from_rgb(0xf2, 0xf4, 0xf6),
    separator: Color32::from_rgb(0xd6, 0xda, 0xdf),
    outline: Color32::TRANSPARENT,
    text: Color32::from_rgb(0x1d, 0x22, 0x28),
    weak: Color32::from_rgb(0x55, 0x5d, 0x67),
    accent: Color32::from_rgb(0x12, 0x5f, 0xd3),
    on_accent: Color32::from_rgb(0xff, 0xff, 0xff),
    selected: Color32::from_rgb(0xcf, 0xe1, 0xfb),
    warning: Color32::from_rgb(0x85, 0x56, 0x00),
    danger: Color32::from_rgb(0xb0, 0x1b, 0x1b),
    danger_fill: Color32::from_rgb(0xb8, 0x1f, 0x1f),
    shadow: Color32::from_black_alpha(50),
};

const DARK_CONTRAST: Tokens = Tokens {
    surface: Color32::from_rgb(0x00, 0x00, 0x00),
    raised: Color32::from_rgb(0x12, 0x14, 0x16),
    hover: Color32::from_rgb(0x2c, 0x32, 0x38),
    knob: Color32::from_rgb(0x3a, 0x42, 0x4a),
    bar: Color32::from_rgb(0x06, 0x07, 0x08),
    separator: Color32::from_rgb(0x9a, 0xa3, 0xad),
    outline: Color32::from_rgb(0x9a, 0xa3, 0xad),
    text: Color32::from_rgb(0xff, 0xff, 0xff),
    weak: Color32::from_rgb(0xd9, 0xdf, 0xe6),
    accent: Color32::from_rgb(0x6c, 0xb4, 0xff),
    on_accent: Color32::from_rgb(0x00, 0x00, 0x00),
    selected: Color32::from_rgb(0x0a, 0x3a, 0x75),
    warning: Color32::from_rgb(0xff, 0xcf, 0x5c),
    danger: Color32::from_rgb(0xff, 0xa8, 0xa0),
    danger_fill: Color32::from_rgb(0xa8, 0x10, 0x10),
    shadow: Color32::from_black_alpha(160),
};

const LIGHT_CONTRAST: Tokens = Tokens {
    surface: Color32::from_rgb(0xff, 0xff, 0xff),
    raised: Color32::from_rgb(0xf4, 0xf5, 0xf7),
    hover: Color32::from_rgb(0xda, 0xdf, 0xe5),
    knob: Color32::from_rgb(0xc3, 0xca, 0xd2),
    bar: Color32::from_rgb(0xf8, 0xf9, 0xfa),
    separator: Color32::from_rgb(0x5a, 0x63, 0x6d),
    outline: Color32::from_rgb(0x5a, 0x63, 0x6d),
    text: Color32::from_rgb(0x00, 0x00, 0x00),
    weak: Color32::from_rgb(0x33, 0x3a, 0x42),
    accent: Color32::from_rgb(0x00, 0x45, 0xa8),
    on_accent: Color32::from_rgb(0xff, 0xff, 0xff),
    selected: Color32::from_rgb(0xb9, 0xd6, 0xff),
    warning: Color32::from_rgb(0x66, 0x40, 0x00),
    danger: Color32::from_rgb(0x90, 0x0a, 0x0a),
    danger_fill: Color32::from_rgb(0x9c, 0x10, 0x10),
    shadow: Color32::from_black_alpha(70),
};

/// Every theme; no two have the same surface.
const ALL: [&Tokens; 4] = [&DARK, &LIGHT, &DARK_CONTRAST, &LIGHT_CONTRAST];

/// The colours in force.
pub fn tokens(ui: &Ui) -> &'static Tokens {
    of(ui.visuals())
}

/// The colours that a style was made from.
pub fn of(visuals: &Visuals) -> &'static Tokens {
    let made_from = ALL.into_iter().find(|tokens| tokens.surface == visuals.panel_fill);
    made_from.unwrap_or_else(|| choose(visuals.dark_mode, false))
}

fn choose(dark: bool, high_contrast: bool) -> &'static Tokens {
    match (dark, high_contrast) {
        (true, false) => &DARK,
        (false, false) => &LIGHT,
        (true, true) => &DARK_CONTRAST,
        (false, true) => &LIGHT_CONTRAST,
    }
}

/// The half-bold cut, for headings and the primary action.
pub fn strong_family() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// Text in the half-bold cut.
pub fn strong(text: impl Into<String>) -> RichText {
    RichText::new(text).family(strong_family())
}

/// A heading of a panel or a window.
pub fn heading(text: impl Into<String>) -> RichText {
    strong(text).size(size::HEADING)
}

/// Units, hints and whatever steps back.
pub fn weak(ui: &Ui, text: impl Into<String>) -> RichText {
    RichText::new(text).color(tokens(ui).weak)
}

/// An icon in the one size.
pub fn icon(icon: MaterialIcon) -> RichText {
    icon.rich_text().size(size::ICON)
}

/// The frame of a form that floats over everything.
pub fn window_frame(ui: &Ui) -> Frame {
    Frame::popup(ui.style()).inner_margin(Margin::same(space::L as i8))
}

/// Gives egui the fonts and both themes.
pub fn install(ctx: &Context, high_contrast: bool) {
    ctx.set_fonts(fonts());
    ctx.add_font(egui_material_icons::font_insert());
    set_contrast(ctx, high_contrast);
}

/// Puts both themes on, with ordinary or with high contrast.
pub fn set_contrast(ctx: &Context, high_contrast: bool) {
    for theme in [Theme::Dark, Theme::Light] {
        ctx.set_style_of(theme, Arc::new(style(theme, choose(theme == Theme::Dark, high_contrast))));
    }
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let cuts = [
        ("Inter", include_bytes!("../../assets/fonts/Inter-Regular.otf").as_slice()),
        ("Inter SemiBold", include_bytes!("../../assets/fonts/Inter-SemiBold.otf").as_slice()),
    ];
    for (name, bytes) in cuts {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    // Whatever Inter's subset does not draw comes from egui's own fonts.
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    for (family, cut) in [(FontFamily::Proportional, "Inter"), (strong_family(), "Inter SemiBold")] {
        let order = std::iter::once(cut.to_owned()).chain(fallback.iter().cloned()).collect();
        fonts.families.insert(family, order);
    }
    fonts
}

fn style(theme: Theme, t: &Tokens) -> Style {
    let mut style = Style { visuals: visuals(theme, t), ..Style::default() };
    style.text_styles = [
        (TextStyle::Small, FontId::new(size::SMALL, FontFamily::Proportional)),
        (TextStyle::Body, FontId::new(size::BODY, FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(size::BODY, FontFamily::Proportional)),
        (TextStyle::Heading, FontId::new(size::HEADING, strong_family())),
        (TextStyle::Monospace, FontId::new(size::SMALL, FontFamily::Monospace)),
    ]
    .into();
    let s = &mut style.spacing;
    s.item_spacing = vec2(space::S, space::XS);
    s.button_padding = vec2(space::S, space::XS);
    s.interact_size = vec2(size::ROW, size::ROW);
    s.window_margin = Margin::same(space::L as i8);
    s.menu_margin = Margin::same(space::XS as i8);
    s.icon_width = 16.0;
    s.icon_width_inner = 10.0;
    s.icon_spacing = space::S;
    s.combo_width = size::FIELD;
    s.tooltip_width = 320.0;
    s.slider_rail_height = 4.0;
    s.scroll.bar_width = space::S;
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.4;
    style.animation_time = 0.1;
    style.explanation_tooltips = false;
    style
}

fn visuals(theme: Theme, t: &Tokens) -> Visuals {
    let mut v = if theme == Theme::Dark { Visuals::dark() } else { Visuals::light() };
    let radius = CornerRadius::same(size::RADIUS);
    let hairline = |color| Stroke::new(1.0, color);
    v.panel_fill = t.surface;
    v.window_fill = t.surface;
    v.window_stroke = hairline(t.separator);
    v.window_corner_radius = radius;
    v.menu_corner_radius = radius;
    let shadow = Shadow { offset: [0, 8], blur: 24, spread: 0, color: t.shadow };
    v.window_shadow = shadow;
    v.popup_shadow = shadow;
    v.extreme_bg_color = t.raised;
    v.text_edit_bg_color = Some(t.raised);
    v.faint_bg_color = t.raised;
    v.code_bg_color = t.raised;
    v.weak_text_color = Some(t.weak);
    v.warn_fg_color = t.warning;
    v.error_fg_color = t.danger;
    v.hyperlink_color = t.accent;
    v.selection.bg_fill = t.selected;
    v.selection.stroke = hairline(t.text);
    v.slider_trailing_fill = true;
    v.handle_shape = egui::style::HandleShape::Circle;
    let states = [
        (&mut v.widgets.noninteractive, t.surface, t.separator, t.text),
        (&mut v.widgets.inactive, t.raised, t.outline, t.text),
        (&mut v.widgets.hovered, t.hover, t.outline, t.text),
        // `active` is also what has the keyboard: its outline is the visible focus.
        (&mut v.widgets.active, t.hover, t.accent, t.text),
        (&mut v.widgets.open, t.hover, t.outline, t.text),
    ];
    for (state, fill, outline, text) in states {
        state.bg_fill = t.knob;
        state.weak_bg_fill = fill;
        state.bg_stroke = hairline(outline);
        state.fg_stroke = hairline(text);
        state.corner_radius = radius;
        state.expansion = 0.0;
    }
    v.widgets.noninteractive.bg_fill = t.surface;
    v.widgets.active.bg_stroke.width = 1.5;
    v
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, WCAG 2.2.
    fn luminance(color: Color32) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_every_surface_of_every_theme() {
        for (index, t) in ALL.into_iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.surface != t.surface), "a theme is known by its surface");
            for ground in [t.surface, t.raised, t.hover, t.bar, t.selected] {
                assert!(contrast(t.text, ground) >= 7.0, "text {} on {ground:?}", contrast(t.text, ground));
            }
            for ground in [t.surface, t.raised, t.bar] {
                for (name, color) in [("weak", t.weak), ("warning", t.warning), ("danger", t.danger)] {
                    assert!(contrast(color, ground) >= 4.5, "{name} {} on {ground:?}", contrast(color, ground));
                }
            }
            assert!(contrast(t.on_accent, t.accent) >= 4.5);
            assert!(contrast(Color32::WHITE, t.danger_fill) >= 4.5);
            let high = t.outline != Color32::TRANSPARENT;
            if high {
                assert!(contrast(t.weak, t.hover) >= 7.0 && contrast(t.text, t.surface) >= 18.0);
                // What can be pressed or typed into is told by its edge (WCAG 1.4.11).
                assert!(contrast(t.outline, t.surface) >= 4.5 && contrast(t.outline, t.raised) >= 4.5);
            }
            // The visible focus and the primary button stand out from what is around them (WCAG 1.4.11).
            assert!(contrast(t.accent, t.surface) >= 3.0);
        }
    }
}
