//! The impl as a whole: finds its body, and puts into it which events there are methods for.

use proc_macro::{Delimiter, Group, Literal, Span, TokenStream, TokenTree};

use crate::methods::{self, Method};
use crate::problems::Problems;

/// What the trait `Plugin` demands and only this attribute writes. rustc names it where the attribute is missing.
const CONSTANT: &str = "ADD_THE_ATTRIBUTE_OVPN_PLUGIN_PLUGIN";

/// The same impl with the events in it.
pub(crate) fn with_events(item: TokenStream, problems: &mut Problems) -> TokenStream {
    let mut tokens: Vec<TokenTree> = flat(item);
    let body = match tokens.pop() {
        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => body,
        last => {
            let place = tokens.first().or(last.as_ref()).map_or_else(Span::call_site, TokenTree::span);
            return elsewhere(place, tokens.into_iter().chain(last).collect(), problems);
        }
    };
    match trait_name(&tokens) {
        Some(name) if name.to_string() == "ClientState" => problems.add(
            name.span(),
            "#[ovpn_plugin::plugin] belongs on `impl Plugin for ...`; `impl ClientState` is found without it",
        ),
        Some(name) => {
            let (rest, found) = methods::find(body.stream(), problems);
            if found.is_empty() && problems.is_empty() {
                problems.add(
                    name.span(),
                    "no method of an event: OpenVPN would never call this plugin. Each event has a method in \
                     the trait, such as auth_user_pass_verify",
                );
            }
            let mut new = Group::new(Delimiter::Brace, rest.into_iter().chain(constant(&found)).collect());
            new.set_span(body.span());
            tokens.push(new.into());
            return tokens.into_iter().collect();
        }
        None => {
            let place = tokens.first().map_or_else(Span::call_site, TokenTree::span);
            tokens.push(body.into());
            return elsewhere(place, tokens.into_iter().collect(), problems);
        }
    }
    tokens.push(body.into());
    tokens.into_iter().collect()
}

fn elsewhere(place: Span, item: TokenStream, problems: &mut Problems) -> TokenStream {
    problems.add(place, "#[ovpn_plugin::plugin] belongs on `impl Plugin for ...`");
    item
}

/// The tokens without the invisible groups that `macro_rules!` puts around what it was given.
fn flat(tokens: TokenStream) -> Vec<TokenTree> {
    let all: Vec<TokenTree> = tokens.into_iter().collect();
    match &all[..] {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::None => flat(group.stream()),
        _ => all,
    }
}

/// In `impl<...> path::Trait for Type where ...`: the last word of the trait's path.
fn trait_name(head: &[TokenTree]) -> Option<&TokenTree> {
    let is =
        |token: &TokenTree, word: &str| matches!(token, TokenTree::Ident(name) if name.to_string() == word);
    let start = head.iter().position(|token| is(token, "impl"))?;
    // `for<'a>` belongs to a bound.
    let at = (start + 1..head.len()).find(|at| {
        let bound = matches!(head.get(at + 1), Some(TokenTree::Punct(mark)) if mark.as_char() == '<');
        head.get(*at).is_some_and(|token| is(token, "for")) && !bound
    })?;
    head.get(start + 1..at)?.iter().rfind(|token| matches!(token, TokenTree::Ident(_) | TokenTree::Group(_)))
}

/// `const ...: (required, optional) = ...;`, two masks of events. Numbers only, so that it does not matter what the
/// author calls the crate.
fn constant(methods: &[Method]) -> TokenStream {
    let mut value: TokenStream =
        parsed("let required: ::core::primitive::i32 = 0; let optional: ::core::primitive::i32 = 0;");
    for method in methods {
        value.extend(method.conditions.clone());
        let set = if method.optional { "optional" } else { "required" };
        value.extend(parsed(&format!("let {set} = {set} |")));
        value.extend([TokenTree::from(Literal::i32_suffixed(1 << method.event))]);
        value.extend(parsed(";"));
    }
    value.extend(parsed("(required, optional)"));
    let mut tokens = parsed(&format!(
        "#[doc(hidden)] const {CONSTANT}: (::core::primitive::i32, ::core::primitive::i32) ="
    ));
    tokens.extend([TokenTree::from(Group::new(Delimiter::Brace, value))]);
    tokens.extend(parsed(";"));
    tokens
}

/// Text of this file.
fn parsed(text: &str) -> TokenStream {
    text.parse().unwrap_or_default()
}
