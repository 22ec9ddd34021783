//! The methods in the body of the impl, by their names.

use std::collections::VecDeque;

use proc_macro::{Delimiter, TokenStream, TokenTree};

use crate::attributes::Attributes;
use crate::problems::Problems;

macro_rules! names {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:ident:
        $method:ident($event:ident) -> $reply:ident, $else:ident, $failure:literal;)*) => {
        /// The methods of events, with the numbers of these.
        const NAMES: &[(&str, i32)] = &[$((stringify!($method), $number),)*];
    };
}
ovpn_plugin_sys::for_each_event!(names);

/// A method of an event.
pub(crate) struct Method {
    pub(crate) event: i32,
    pub(crate) optional: bool,
    /// Its `#[cfg(...)]`.
    pub(crate) conditions: TokenStream,
}

/// The body without what belongs to this attribute, and the methods in it.
pub(crate) fn find(body: TokenStream, problems: &mut Problems) -> (TokenStream, Vec<Method>) {
    let mut tokens: VecDeque<TokenTree> = body.into_iter().collect();
    let (mut rest, mut methods) = (TokenStream::new(), Vec::new());
    while !tokens.is_empty() {
        let attributes = Attributes::take(&mut tokens, problems);
        let item: Vec<TokenTree> = take_item(&mut tokens);
        let name = method_name(&item);
        let event = name.and_then(|name| event_of(&name.to_string()));
        if let (Some(place), None) = (attributes.optional, event) {
            problems.add(place, "only a method of an event can be #[optional]");
        }
        if let (None, Some(first)) = (name, item.first()) {
            if is_macro(&item) {
                problems.add(
                    first.span(),
                    "#[ovpn_plugin::plugin] does not see the methods that a macro makes here: write them out, \
                     or let the macro make the whole impl with the attribute on it",
                );
            }
        }
        if let Some(event) = event {
            let optional = attributes.optional.is_some();
            methods.push(Method { event, optional, conditions: attributes.conditions });
        }
        rest.extend(attributes.others);
        rest.extend(item);
    }
    (rest, methods)
}

fn event_of(method: &str) -> Option<i32> {
    let method = method.strip_prefix("r#").unwrap_or(method);
    NAMES.iter().find(|(name, _)| *name == method).map(|(_, number)| *number)
}

/// The tokens of the next item: until a `;`, or the braces of a function or a macro. Other braces are followed by more of
/// the same item: those in a type (`Array<{ 3 }>`, `of!{u8}`).
fn take_item(tokens: &mut VecDeque<TokenTree>) -> Vec<TokenTree> {
    let mut item = Vec::new();
    while let Some(token) = tokens.pop_front() {
        let ends = match &token {
            TokenTree::Punct(mark) => mark.as_char() == ';',
            TokenTree::Group(_) if is_braces(&token) => {
                (method_name(&item).is_some() || is_macro(&item)) && begins_item(tokens.front())
            }
            _ => false,
        };
        item.push(token);
        if ends {
            break;
        }
    }
    item
}

/// Also those that `macro_rules!` was given as a block.
fn is_braces(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    match group.delimiter() {
        Delimiter::Brace => true,
        Delimiter::None => {
            let mut inner = group.stream().into_iter();
            inner.next().is_some_and(|first| is_braces(&first)) && inner.next().is_none()
        }
        _ => false,
    }
}

fn begins_item(token: Option<&TokenTree>) -> bool {
    match token {
        None => true,
        Some(TokenTree::Ident(word)) => word.to_string() != "where",
        Some(TokenTree::Punct(mark)) => "#:".contains(mark.as_char()),
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::None,
        Some(TokenTree::Literal(_)) => false,
    }
}

/// The word after `fn`.
fn method_name(item: &[TokenTree]) -> Option<&TokenTree> {
    let at = item.iter().position(|token| is_word(token, "fn"))?;
    item.get(at + 1).filter(|next| matches!(next, TokenTree::Ident(_)))
}

/// `name! {...}`; a constant or type whose value is a macro's is none.
fn is_macro(item: &[TokenTree]) -> bool {
    let known = ["const", "type", "fn", "pub"];
    let starts_item = item.first().is_some_and(|first| known.iter().any(|word| is_word(first, word)));
    !starts_item && item.iter().any(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == '!'))
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(name) if name.to_string() == word)
}
