//! One panel, one file. A panel reads its [`Cx`](super::context::Cx), draws, and sends requests; it owns nothing.

pub mod describe_form;
pub mod drop_hint;
pub mod layer_sliders;
pub mod leave_form;
pub mod legend;
pub mod machine;
pub mod notices;
pub mod objects;
pub mod palette;
pub mod path_form;
pub mod pickers;
pub mod selection;
pub mod setting_row;
pub mod settings;
pub mod status;
pub mod template_form;
pub mod tool_strip;
pub mod top_bar;
pub mod view_axes;
pub mod viewport;
pub mod viewport_input;
pub mod welcome;
