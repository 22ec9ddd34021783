//! The attribute `#[ovpn_plugin::plugin]`: finds out from the code which events a plugin has methods for.
//!
//! It looks at the names of the methods and at nothing else, so it needs no parser of Rust.

mod attributes;
mod item;
mod methods;
mod problems;

use proc_macro::TokenStream;

use problems::Problems;

/// Belongs on `impl Plugin for ...`: OpenVPN passes the events for which the impl has a method.
///
/// The documentation of `ovpn_plugin::Plugin` has an example. `#[optional]` on a method: the plugin does without that event
/// where OpenVPN does not have it. Other events the plugin cannot do without; it refuses an OpenVPN that lacks one.
///
/// Methods that a macro makes inside the impl are not seen, and refused. Where a macro makes the whole impl, the attribute
/// stands in the macro.
#[proc_macro_attribute]
pub fn plugin(words: TokenStream, item: TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    if let Some(word) = words.into_iter().next() {
        problems.add(word.span(), "#[ovpn_plugin::plugin] takes no words: #[optional] stands on a method");
    }
    let item = item::with_events(item, &mut problems);
    item.into_iter().chain(problems.into_tokens()).collect()
}
